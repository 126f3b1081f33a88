"""Who read which chat: an entry in the audit trail for each stretch of reading."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.audit import AuditEntry, record

TAG = "console:conversation:read"
ONE_READING = timedelta(minutes=10)  # an open page asks again and again; that is one reading, not hundreds


def is_noted(session: Session, *, staff_id: str, escalation_id: str, now: datetime) -> bool:
    """Whether this reading is in the audit trail already."""
    query = select(AuditEntry.id).where(
        AuditEntry.tag == TAG,
        AuditEntry.actor == staff_id,
        AuditEntry.subject_id == escalation_id,
        AuditEntry.at > now - ONE_READING,
    )
    return session.scalar(query.limit(1)) is not None


def note_reading(session: Session, *, staff_id: str, escalation_id: str, now: datetime) -> None:
    record(session, TAG, actor=staff_id, subject_id=escalation_id, now=now)
