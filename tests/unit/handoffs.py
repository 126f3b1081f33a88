"""Escalations, staff and people on call for the tests of the handoff."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.chat.conversations import start_conversation
from clinic.db import Database
from clinic.handoff.channels import NotSent, Text
from clinic.handoff.crisis_turn import take_crisis_message
from clinic.handoff.escalate import open_escalation
from clinic.handoff.finding import Finding
from clinic.handoff.oncall import add_channel, add_person
from clinic.handoff.protocol import People
from clinic.models import Alert, Conversation, Escalation, Message, Role
from clinic.settings import ClinicInfo
from clinic.staff.models import Staff
from tests.unit.chats import NOW, SUICIDE, WORDS, conversation_of, start


def after(**span: float) -> datetime:
    """So long after NOW."""
    return NOW + timedelta(**span)


def crisis(
    database: Database, clinic: ClinicInfo, *, found: Finding = SUICIDE, now: datetime = NOW, words: str = WORDS
) -> str:
    """A conversation in crisis; returns the escalation's id."""
    chat, _ = start(database, clinic, now=now)
    with database.transaction() as session:
        take_crisis_message(
            session,
            conversation=conversation_of(session, chat),
            client_id="one",
            text=words,
            finding=found,
            people=People.trying,
            now=now,
        )
        return session.scalars(select(Escalation.id).where(Escalation.conversation_id == chat)).one()


def many_crises(database: Database, clinic: ClinicInfo, count: int) -> list[str]:
    """As many as that, opened in one transaction."""
    with database.transaction() as session:
        found = []
        for _ in range(count):
            conversation, _token = start_conversation(session, clinic=clinic, now=NOW)
            opened = open_escalation(session, conversation=conversation, finding=SUICIDE, message_id=None, now=NOW)
            found.append(opened.escalation.id)
        return found


def employ(database: Database, name: str, *, crisis_trained: bool = True, is_active: bool = True) -> Staff:
    member = Staff(
        id=f"staff-{name.lower()}",
        email=f"{name.lower()}@clinic.example",
        first_name=name,
        title="RN",
        crisis_trained=crisis_trained,
        is_active=is_active,
        password_hash="x",
        created_at=NOW,
    )
    with database.transaction() as session:
        session.add(member)
    return member


def chat_of(session: Session, escalation_id: str) -> Conversation:
    return session.get_one(Conversation, session.get_one(Escalation, escalation_id).conversation_id)


def notices(database: Database, escalation_id: str) -> list[str]:
    """The lines about people that the visitor reads, oldest first."""
    with database.reading() as session:
        chat = chat_of(session, escalation_id).id
        query = select(Message.text).where(Message.conversation_id == chat, Message.role == Role.notice)
        return list(session.scalars(query.order_by(Message.id)))


def alerts(database: Database) -> list[Alert]:
    with database.reading() as session:
        return list(session.scalars(select(Alert).order_by(Alert.id)))


def visitor_writes(database: Database, escalation_id: str, *, now: datetime, words: str = "hello?") -> None:
    with database.transaction() as session:
        chat = chat_of(session, escalation_id)
        session.add(Message(conversation_id=chat.id, role=Role.visitor, text=words, created_at=now))
        chat.last_visitor_at = now


class Clock:
    """A time that a test moves by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)


class AtOnce(Executor):
    """Runs in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done = Future[Any]()
        done.set_result(fn(*args, **kwargs))
        return done


class Later(Executor):
    """Keeps the work until `run`; never run, it is a worker that died."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._waiting.append(lambda: fn(*args, **kwargs))
        return Future[Any]()

    def run(self) -> None:
        for work in self._waiting:
            work()


class Channels:
    """Remembers what was sent where; addresses in `refusing` do not take it."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Text]] = []
        self.refusing: set[str] = set()

    def __call__(self, address: str, text: Text) -> None:
        self.sent.append((address, text))
        if address in self.refusing:
            raise NotSent("not_accepted")

    @property
    def used(self) -> list[str]:
        return [address for address, _ in self.sent]


def on_call(database: Database, name: str, *addresses: str, hours: str = "always", staff_id: str | None = None) -> str:
    """A person on the list with channels at these addresses; returns the person's id."""
    with database.transaction() as session:
        person = add_person(
            session, first_name=name, hours=hours, languages=["en"], staff_id=staff_id, actor="test", now=NOW
        )
        for address in addresses:
            add_channel(
                session, person_id=person.id, kind="webhook", address=address, can_wake=True, actor="test", now=NOW
            )
        return person.id
