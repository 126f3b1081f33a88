"""Sessions of signed-in staff: begun at sign-in, found by token, ended by time, by hand or by an admin."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from clinic.staff.models import Staff, StaffSession

FOR_THE_CODE = timedelta(minutes=10)  # between the password and the code
SEEN_AGAIN_AFTER = timedelta(seconds=60)  # a click writes no row of its own


@dataclass(frozen=True)
class Lifetimes:
    """How long a session lives without a click, and at most."""

    idle: timedelta
    absolute: timedelta


def start_session(session: Session, *, staff: Staff, is_complete: bool, now: datetime) -> str:
    """A new token, never one that the browser brought along."""
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            token_hash=hash_token(token), staff_id=staff.id, is_complete=is_complete, created_at=now, seen_at=now
        )
    )
    session.flush()
    return token


def find_session(
    session: Session, *, token: str, lifetimes: Lifetimes, now: datetime
) -> tuple[StaffSession, Staff] | None:
    """Who signed in with this token, if the session still counts and the account is active."""
    found = session.get(StaffSession, hash_token(token))
    if found is None:
        return None
    oldest = lifetimes.absolute if found.is_complete else FOR_THE_CODE
    if now - found.created_at >= oldest or now - found.seen_at >= lifetimes.idle:
        return None
    staff = session.get_one(Staff, found.staff_id)
    return (found, staff) if staff.is_active else None


def is_due(found: StaffSession, *, now: datetime) -> bool:
    """Whether the session's last click should be noted again."""
    return now - found.seen_at >= SEEN_AGAIN_AFTER


def note_seen(session: Session, *, token_hash: str, now: datetime) -> None:
    session.execute(update(StaffSession).where(StaffSession.token_hash == token_hash).values(seen_at=now))


def end_session(session: Session, *, token_hash: str) -> None:
    session.execute(delete(StaffSession).where(StaffSession.token_hash == token_hash))


def end_sessions_of(session: Session, *, staff_id: str, but: str | None = None) -> None:
    """All sessions of one account, or all but the one with the hash `but`."""
    ended = delete(StaffSession).where(StaffSession.staff_id == staff_id)
    session.execute(ended.where(StaffSession.token_hash != but) if but else ended)


def purge_sessions(session: Session, *, lifetimes: Lifetimes, now: datetime) -> int:
    """Delete what has expired; returns how many. An expired session opens nothing, with or without its row."""
    expired = select(StaffSession.token_hash).where(
        (StaffSession.created_at <= now - lifetimes.absolute) | (StaffSession.seen_at <= now - lifetimes.idle)
    )
    hashes = session.scalars(expired).all()
    session.execute(delete(StaffSession).where(StaffSession.token_hash.in_(hashes)))
    return len(hashes)


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
