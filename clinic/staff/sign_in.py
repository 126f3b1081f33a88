"""Signing in: password, then a code where one is set up. The same answer, in the same time, for who is unknown.

Hashing takes a while, so it happens between two short transactions and never while one holds the database.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.audit import record
from clinic.db import Database
from clinic.staff.models import Staff, StaffSession
from clinic.staff.passwords import Passwords
from clinic.staff.sessions import end_session, start_session
from clinic.staff.totp import Vault, accepted_step, new_secret

# Ten tries are enough for a tired person, and too few to guess with; a longer lock would let a stranger who knows an
# address keep its owner out of a crisis.
TRIES = 10
FIRST_LOCK, LONGEST_LOCK = timedelta(minutes=1), timedelta(minutes=15)
UNKNOWN = "unknown"


@dataclass(frozen=True)
class SignedIn:
    """`token` goes into the cookie; `is_complete` false: a code, or enrolling a phone, comes next."""

    token: str
    staff_id: str
    is_complete: bool


def sign_in(
    database: Database,
    *,
    email: str,
    password: str,
    passwords: Passwords,
    needs_code: bool,
    address: str,
    now: datetime,
) -> SignedIn | None:
    """None where anything is wrong; the audit trail knows what. `needs_code`: nobody gets in with a password alone."""
    with database.transaction() as session:
        known = session.scalar(select(Staff).where(Staff.email == normal_email(email)).with_for_update())
        is_open = known is not None and _count_try(known, now)
        password_hash = known.password_hash if known and is_open and known.is_active else None
        staff_id = known.id if known else UNKNOWN
    is_right = passwords.verify(password_hash, password)
    rehashed = passwords.hash(password) if is_right and passwords.needs_rehash(password_hash or "") else None
    with database.transaction() as session:
        if not is_right:
            reason = "unknown" if known is None else "password" if is_open else "locked"
            details = {"address": address, "reason": reason if known is None or known.is_active else "inactive"}
            record(session, "console:sign_in:failure", actor=staff_id, subject_id=staff_id, now=now, details=details)
            return None
        staff = session.get_one(Staff, staff_id)
        staff.password_hash = rehashed or staff.password_hash
        is_complete = staff.totp_secret is None and not needs_code
        if is_complete:
            _note_success(session, staff, address=address, now=now)
        return SignedIn(start_session(session, staff=staff, is_complete=is_complete, now=now), staff_id, is_complete)


def check_code(
    session: Session, *, waiting: StaffSession, code: str, vault: Vault, address: str, now: datetime
) -> SignedIn | None:
    """Finish a sign-in with a code of the phone; enrolls the phone where the session holds a new secret.

    The session is replaced by another one. Failures count like wrong passwords, and the last one ends the session.
    """
    staff = session.get_one(Staff, waiting.staff_id, with_for_update=True)
    enrolls = staff.totp_secret is None
    stored = waiting.enrolling_secret if enrolls else staff.totp_secret
    is_open = _count_try(staff, now)
    secret = vault.open(stored, owner=staff.id) if stored else None
    step = accepted_step(secret, code, last_step=staff.totp_step, now=now) if secret and is_open else None
    if step is None:
        if staff.locked_until is not None:
            _end_waiting(session, staff_id=staff.id)
        details = {"address": address, "reason": "code" if is_open else "locked"}
        record(session, "console:sign_in:failure", actor=staff.id, subject_id=staff.id, now=now, details=details)
        return None
    if enrolls:
        staff.totp_secret = stored
        record(session, "console:totp:enrol", actor=staff.id, subject_id=staff.id, now=now)
    staff.totp_step = step
    _note_success(session, staff, address=address, now=now)
    end_session(session, token_hash=waiting.token_hash)
    return SignedIn(start_session(session, staff=staff, is_complete=True, now=now), staff.id, is_complete=True)


def secret_to_enrol(session: Session, *, waiting: StaffSession, vault: Vault) -> str:
    """The secret that the page shows until a code of it was typed; the same one when the page is loaded again."""
    held = session.get_one(StaffSession, waiting.token_hash)
    if held.enrolling_secret is None:
        held.enrolling_secret = vault.seal(new_secret(), owner=held.staff_id)
    return vault.open(held.enrolling_secret, owner=held.staff_id)


def _end_waiting(session: Session, *, staff_id: str) -> None:
    """After too many wrong codes the password is asked for again; a session that is complete goes on."""
    for one in session.scalars(
        select(StaffSession).where(StaffSession.staff_id == staff_id, ~StaffSession.is_complete)
    ):
        session.delete(one)


def normal_email(email: str) -> str:
    return email.strip().casefold()


def _count_try(staff: Staff, now: datetime) -> bool:
    """Counts before it is known whether the try is right, so that many at once are not more than one after another."""
    if staff.locked_until and now < staff.locked_until:
        return False
    staff.failed_sign_ins += 1
    over = staff.failed_sign_ins - TRIES
    staff.locked_until = now + min(FIRST_LOCK * 2 ** min(over, 10), LONGEST_LOCK) if over >= 0 else None
    return True


def _note_success(session: Session, staff: Staff, *, address: str, now: datetime) -> None:
    staff.failed_sign_ins, staff.locked_until, staff.signed_in_at = 0, None, now
    record(
        session, "console:sign_in:success", actor=staff.id, subject_id=staff.id, now=now, details={"address": address}
    )
