"""Conversations and findings for the tests of the domain."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from clinic.chat.conversations import start_conversation
from clinic.db import Database
from clinic.handoff.finding import Finding
from clinic.models import Conversation
from clinic.settings import ClinicInfo

NOW = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)
WORDS = "words of the visitor, with a phone 801-555-0123"
SUICIDE = Finding(risk="suicide", severity="acute", source="screen", evidence=[{"rule": "wish", "start": 0, "end": 4}])


def start(database: Database, clinic: ClinicInfo, *, now: datetime = NOW) -> tuple[str, str]:
    """A new stored conversation: its id and its token."""
    with database.transaction() as session:
        conversation, token = start_conversation(session, clinic=clinic, now=now)
        return conversation.id, token


def finding(severity: str = "acute", risk: str = "suicide") -> Finding:
    return Finding(risk=risk, severity=severity, source="screen", evidence=[{"rule": severity, "start": 0, "end": 4}])


def conversation_of(session: Session, conversation_id: str) -> Conversation:
    return session.get_one(Conversation, conversation_id)
