"""What was promised to be kept only so long is deleted, and nothing else."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from clinic.booking.book import CLOSED
from clinic.booking.preferred_time import Window
from clinic.db import Base, Database
from clinic.handoff.crisis_turn import take_crisis_message
from clinic.handoff.protocol import People
from clinic.models import Alert, Appointment, AppointmentState, Conversation, Escalation, EscalationState, Message
from clinic.retention import purge_conversations, purge_tracker
from clinic.settings import ClinicInfo, Settings
from tests.unit.calls import ask
from tests.unit.chats import NOW, SUICIDE, WORDS, conversation_of, start

DAYS = 30
OLD = NOW - timedelta(days=DAYS, seconds=1)
RECENT = NOW - timedelta(days=DAYS) + timedelta(seconds=1)


def purge(database: Database) -> int:
    with database.transaction() as session:
        return purge_conversations(session, retention_days=DAYS, now=NOW)


def count(database: Database, model: type[Base]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def crisis(database: Database, clinic: ClinicInfo, state: EscalationState) -> str:
    chat, _ = start(database, clinic, now=OLD)
    with database.transaction() as session:
        take_crisis_message(
            session,
            conversation=conversation_of(session, chat),
            client_id="one",
            text=WORDS,
            finding=SUICIDE,
            people=People.queued,
            now=OLD,
        )
        session.scalars(select(Escalation).where(Escalation.conversation_id == chat)).one().state = state
    return chat


def call(database: Database, chat: str, due: timedelta, state: AppointmentState = AppointmentState.requested) -> None:
    asked = Window(NOW + due - timedelta(hours=1), NOW + due)
    made = ask(database, Settings().clinic, chat, asked, now=OLD)
    with database.transaction() as session:
        session.get_one(Appointment, made.appointment.id).state = state


def test_an_old_chat_goes_with_its_messages(database: Database, clinic_info: ClinicInfo) -> None:
    start(database, clinic_info, now=OLD)
    assert purge(database) == 1
    assert (count(database, Conversation), count(database, Message)) == (0, 0)


def test_a_recent_chat_stays(database: Database, clinic_info: ClinicInfo) -> None:
    start(database, clinic_info, now=RECENT)
    assert purge(database) == 0
    assert count(database, Message) == 1


def test_the_days_count_from_the_visitor_s_last_word(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info, now=NOW - timedelta(days=100))
    with database.transaction() as session:
        conversation_of(session, chat).last_visitor_at = RECENT
    assert purge(database) == 0


@pytest.mark.parametrize("state", [EscalationState.open, EscalationState.acknowledged])
def test_an_old_chat_with_an_escalation_that_is_not_closed_stays(
    database: Database, clinic_info: ClinicInfo, state: EscalationState
) -> None:
    crisis(database, clinic_info, state)
    assert purge(database) == 0
    assert (count(database, Escalation), count(database, Alert)) == (1, 1)


def test_an_old_chat_whose_escalation_is_closed_goes_with_it(database: Database, clinic_info: ClinicInfo) -> None:
    crisis(database, clinic_info, EscalationState.closed)
    assert purge(database) == 1
    assert [count(database, model) for model in (Message, Escalation, Alert)] == [0, 0, 0]


@pytest.mark.parametrize("state", CLOSED)
def test_a_closed_call_due_long_ago_goes(database: Database, clinic_info: ClinicInfo, state: AppointmentState) -> None:
    chat, _ = start(database, clinic_info)
    call(database, chat, timedelta(days=-DAYS - 1), state)
    purge(database)
    assert count(database, Appointment) == 0


def test_a_closed_call_due_lately_stays(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    call(database, chat, timedelta(days=-DAYS + 1), AppointmentState.completed)
    purge(database)
    assert count(database, Appointment) == 1


@pytest.mark.parametrize("state", [AppointmentState.requested, AppointmentState.confirmed])
def test_a_call_that_nobody_has_made_stays_however_old(
    database: Database, clinic_info: ClinicInfo, state: AppointmentState
) -> None:
    chat, _ = start(database, clinic_info)
    call(database, chat, timedelta(days=-DAYS - 1), state)
    purge(database)
    assert count(database, Appointment) == 1


def test_a_call_still_due_outlives_its_old_chat(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info, now=OLD)
    call(database, chat, timedelta(days=1))
    assert purge(database) == 1
    with database.reading() as session:
        assert session.scalars(select(Appointment.conversation_id)).all() == [None]


def test_many_old_chats_go_in_one_call(database: Database, clinic_info: ClinicInfo) -> None:
    with database.transaction() as session:
        session.add_all(
            Conversation(id=f"chat-{n}", token_hash="x", created_at=OLD, last_visitor_at=OLD) for n in range(1_201)
        )
    start(database, clinic_info, now=RECENT)
    assert purge(database) == 1_201
    assert count(database, Conversation) == 1


def tracker_at(path: Path, *ages: timedelta) -> Path:
    """Rasa's SQLite tracker with one event of each age."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, sender_id TEXT, timestamp FLOAT, data TEXT)")
        rows = [("chat:0", (NOW - age).timestamp(), "{}") for age in ages]
        connection.executemany("INSERT INTO events (sender_id, timestamp, data) VALUES (?, ?, ?)", rows)
    return path


def test_rasa_s_events_go_by_their_age(tmp_path: Path) -> None:
    path = tracker_at(tmp_path / "tracker.db", timedelta(days=31), timedelta(days=40), timedelta(days=29), timedelta(0))
    assert purge_tracker(f"sqlite:///{path}", retention_days=DAYS, now=NOW) == 2
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT min(timestamp), count(*) FROM events").fetchone() == (
            (NOW - timedelta(days=29)).timestamp(),
            2,
        )


def test_without_a_tracker_nothing_is_done_and_none_is_made(tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    assert purge_tracker(f"sqlite:///{path}", retention_days=DAYS, now=NOW) == 0
    assert not path.exists()


def test_a_tracker_without_events_yet_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    sqlite3.connect(path).close()
    assert purge_tracker(f"sqlite:///{path}", retention_days=DAYS, now=NOW) == 0
