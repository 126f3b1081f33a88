"""Deleting what was promised to be kept only so long."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, delete, exists, inspect, select, text
from sqlalchemy.orm import Session

from clinic.booking.book import CLOSED
from clinic.models import Appointment, Conversation, Escalation, EscalationState


def purge_conversations(session: Session, *, retention_days: int, now: datetime) -> int:
    """Delete conversations without a word from the visitor for so long, and closed calls due that long ago.

    A conversation with an open escalation, and a call nobody has made yet, stay until staff have closed them.
    Returns how many chats went.
    """
    before = now - timedelta(days=retention_days)
    still_open = exists().where(
        Escalation.conversation_id == Conversation.id, Escalation.state != EscalationState.closed
    )
    old = session.scalars(select(Conversation.id).where(Conversation.last_visitor_at < before, ~still_open)).all()
    for start in range(0, len(old), 500):
        session.execute(delete(Conversation).where(Conversation.id.in_(old[start : start + 500])))
    session.execute(delete(Appointment).where(Appointment.due_at < before, Appointment.state.in_(CLOSED)))
    return len(old)


def purge_tracker(path: Path, *, retention_days: int, now: datetime) -> int:
    """Delete Rasa's own events of that age (SQLite). Returns how many; 0 where there is no tracker yet."""
    before = (now - timedelta(days=retention_days)).timestamp()
    return _delete_events(path, "timestamp < :value", before)


def forget_tracker(path: Path, conversation_id: str) -> int:
    """Delete what Rasa remembers of one conversation, whatever its epoch."""
    return _delete_events(path, "substr(sender_id, 1, length(:value)) = :value", f"{conversation_id}:")


def _delete_events(path: Path, which: str, value: object) -> int:
    if not path.exists():
        return 0
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 10})
    try:
        if not inspect(engine).has_table("events"):
            return 0
        with engine.begin() as connection:
            return connection.execute(text(f"DELETE FROM events WHERE {which}"), {"value": value}).rowcount  # noqa: S608
    finally:
        engine.dispose()
