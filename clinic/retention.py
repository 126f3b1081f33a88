"""Deleting what was promised to be kept only so long."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, exists, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from clinic.booking.book import CLOSED
from clinic.db import open_engine
from clinic.models import Appointment, Conversation, Escalation, EscalationState

TRACKER_BUSY_MS = 10_000  # Rasa writes to it all day


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


def purge_tracker(url: str, *, retention_days: int, now: datetime) -> int:
    """Delete Rasa's own events of that age. Returns how many; 0 where there is no tracker yet."""
    before = (now - timedelta(days=retention_days)).timestamp()
    return _delete_events(url, "timestamp < :value", before)


def forget_tracker(url: str, conversation_id: str) -> int:
    """Delete what Rasa remembers of one conversation, whatever its epoch."""
    return _delete_events(url, "substr(sender_id, 1, length(:value)) = :value", f"{conversation_id}:")


def _delete_events(url: str, which: str, value: object) -> int:
    path = make_url(url).database
    if url.startswith("sqlite") and not (path and Path(path).exists()):
        return 0  # connecting would make one
    engine = open_engine(url, busy_timeout_ms=TRACKER_BUSY_MS)
    try:
        if not inspect(engine).has_table("events"):
            return 0
        with engine.begin() as connection:
            return connection.execute(text(f"DELETE FROM events WHERE {which}"), {"value": value}).rowcount  # noqa: S608
    finally:
        engine.dispose()
