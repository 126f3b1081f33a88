"""Who read what about a visitor: an entry in the audit trail for each stretch of reading."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.audit import AuditEntry, record

CHAT = "console:conversation:read"
CALL = "console:appointment:read"
CALLS = "console:appointments:read"
ONE_READING = timedelta(minutes=10)  # an open page asks again and again; that is one reading, not hundreds


def is_noted(session: Session, *, staff_id: str, subject_id: str, now: datetime, tag: str = CHAT) -> bool:
    """Whether this reading is in the audit trail already."""
    query = select(AuditEntry.id).where(
        AuditEntry.tag == tag,
        AuditEntry.actor == staff_id,
        AuditEntry.subject_id == subject_id,
        AuditEntry.at > now - ONE_READING,
    )
    return session.scalar(query.limit(1)) is not None


def note_reading(session: Session, *, staff_id: str, subject_id: str, now: datetime, tag: str = CHAT) -> None:
    record(session, tag, actor=staff_id, subject_id=subject_id, now=now)
