"""Accounts of staff: open, change, deactivate, new passwords. Each change is in the audit trail."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.audit import record
from clinic.clock import iso
from clinic.errors import Conflict, InvalidInput, NotFound
from clinic.handoff.release import end_duty_of, release_handoffs_of
from clinic.staff.models import Staff, StaffRole
from clinic.staff.passwords import Passwords, check_new_password
from clinic.staff.sessions import end_sessions_of
from clinic.staff.sign_in import normal_email

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
COMMAND_LINE = "terminal"


@dataclass(frozen=True)
class Profile:
    """What an admin sets. `first_name` and `title` are shown to visitors."""

    email: str
    first_name: str
    title: str
    role: StaffRole = StaffRole.staff
    crisis_trained: bool = False

    def checked(self) -> "Profile":
        """Trimmed. Raises InvalidInput with email_unclear, first_name_missing or title_missing."""
        email = normal_email(self.email)
        if not EMAIL.fullmatch(email) or len(email) > 254:
            raise InvalidInput("email_unclear")
        first_name, title = " ".join(self.first_name.split()), " ".join(self.title.split())
        if not 0 < len(first_name) <= 80:
            raise InvalidInput("first_name_missing")
        if not 0 < len(title) <= 80:
            raise InvalidInput("title_missing")
        return Profile(email, first_name, title, self.role, self.crisis_trained)


def add_staff(
    session: Session,
    *,
    profile: Profile,
    password: str,
    passwords: Passwords,
    must_change_password: bool,
    by: str,
    now: datetime,
) -> Staff:
    """Raises InvalidInput, also with email_taken."""
    wanted = profile.checked()
    check_new_password(password, email=wanted.email, first_name=wanted.first_name)
    if find_staff(session, email=wanted.email):
        raise InvalidInput("email_taken")
    staff = Staff(
        id=secrets.token_urlsafe(9),
        email=wanted.email,
        first_name=wanted.first_name,
        title=wanted.title,
        role=wanted.role,
        crisis_trained=wanted.crisis_trained,
        is_active=True,
        password_hash=passwords.hash(password),
        must_change_password=must_change_password,
        failed_sign_ins=0,
        created_at=now,
    )
    session.add(staff)
    session.flush()
    _note(session, "add", staff, by=by, now=now, details={"role": staff.role, "crisis_trained": staff.crisis_trained})
    return staff


def change_staff(session: Session, *, staff_id: str, profile: Profile, by: str, now: datetime) -> Staff:
    """Raises NotFound, InvalidInput, and Conflict where no active admin would be left.

    Who is marked as crisis-trained no more loses the chats they hold to the queue.
    """
    staff, wanted = get_staff(session, staff_id), profile.checked()
    other = find_staff(session, email=wanted.email)
    if other and other.id != staff.id:
        raise InvalidInput("email_taken")
    if wanted.role != StaffRole.admin:
        _keep_an_admin(session, staff)
    changed = [name for name in vars(wanted) if getattr(staff, name) != getattr(wanted, name)]
    for name in changed:
        setattr(staff, name, getattr(wanted, name))
    if changed:
        details = {"changed": changed, "role": staff.role, "crisis_trained": staff.crisis_trained}
        _note(session, "change", staff, by=by, now=now, details=details)
    if "crisis_trained" in changed and not staff.crisis_trained:
        release_handoffs_of(session, staff=staff, by=by, now=now)
    return staff


def deactivate_staff(session: Session, *, staff_id: str, by: str, now: datetime) -> None:
    """Nobody signs in with it any more, and who is signed in is out. Raises NotFound or Conflict (the last admin).

    Their chats go back to the queue, colleagues are called at once, and they themselves are called no more.
    """
    staff = get_staff(session, staff_id)
    _keep_an_admin(session, staff)
    staff.is_active = False
    end_sessions_of(session, staff_id=staff.id)
    _note(session, "deactivate", staff, by=by, now=now)
    end_duty_of(session, staff=staff, by=by, now=now)
    release_handoffs_of(session, staff=staff, by=by, now=now)


def reactivate_staff(session: Session, *, staff_id: str, by: str, now: datetime) -> None:
    """They may sign in again. On the on-call list they stay switched off until an admin switches them on."""
    staff = get_staff(session, staff_id)
    staff.is_active = True
    _note(session, "reactivate", staff, by=by, now=now)


def change_password(
    session: Session, *, staff_id: str, password: str, passwords: Passwords, keep: str | None, now: datetime
) -> None:
    """One's own: ends all sessions but the one with the hash `keep`. Raises InvalidInput."""
    staff = get_staff(session, staff_id)
    _set_password(session, staff, password, passwords, keep=keep)
    staff.must_change_password = False
    _note(session, "password", staff, by=staff.id, now=now)


def reset_password(
    session: Session, *, staff_id: str, password: str, passwords: Passwords, by: str, now: datetime
) -> None:
    """Somebody else's: ends all sessions and locks, and asks for another password at the next sign-in."""
    staff = get_staff(session, staff_id)
    _set_password(session, staff, password, passwords, keep=None)
    staff.must_change_password = True
    staff.failed_sign_ins, staff.locked_until = 0, None
    _note(session, "reset_password", staff, by=by, now=now)


def reset_totp(session: Session, *, staff_id: str, by: str, now: datetime) -> None:
    """For a lost phone: the next sign-in enrolls another one where codes are required."""
    staff = get_staff(session, staff_id)
    staff.totp_secret, staff.totp_step = None, None
    end_sessions_of(session, staff_id=staff.id)
    _note(session, "reset_totp", staff, by=by, now=now)


def get_staff(session: Session, staff_id: str) -> Staff:
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise NotFound("staff")
    return staff


def find_staff(session: Session, *, email: str) -> Staff | None:
    return session.scalar(select(Staff).where(Staff.email == normal_email(email)))


def list_staff(session: Session, *, include_inactive: bool = True) -> Sequence[Staff]:
    """Active ones first, by name."""
    query = select(Staff).order_by(Staff.is_active.desc(), Staff.first_name, Staff.email)
    return session.scalars(query if include_inactive else query.where(Staff.is_active)).all()


def as_row(staff: Staff) -> dict[str, Any]:
    """Plain values for `lotus staff list --json`; no secret and no hash."""
    return {
        "id": staff.id,
        "email": staff.email,
        "first_name": staff.first_name,
        "title": staff.title,
        "role": staff.role,
        "crisis_trained": staff.crisis_trained,
        "is_active": staff.is_active,
        "has_totp": staff.totp_secret is not None,
        "signed_in_at": iso(staff.signed_in_at),
    }


def _set_password(session: Session, staff: Staff, password: str, passwords: Passwords, *, keep: str | None) -> None:
    check_new_password(password, email=staff.email, first_name=staff.first_name)
    staff.password_hash = passwords.hash(password)
    end_sessions_of(session, staff_id=staff.id, but=keep)


def _keep_an_admin(session: Session, staff: Staff) -> None:
    others = select(func.count()).where(Staff.role == StaffRole.admin, Staff.is_active, Staff.id != staff.id)
    if staff.role == StaffRole.admin and staff.is_active and not session.scalar(others):
        raise Conflict("last_admin")


def _note(
    session: Session, action: str, staff: Staff, *, by: str, now: datetime, details: dict[str, Any] | None = None
) -> None:
    source = by if by == COMMAND_LINE else "console"
    record(session, f"{source}:staff:{action}", actor=by, subject_id=staff.id, now=now, details=details)
