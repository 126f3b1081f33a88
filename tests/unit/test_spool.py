"""What the database could not take is kept on disk and stored exactly once."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from clinic.chat.conversations import messages_after
from clinic.db import Database
from clinic.handoff.crisis_turn import take_crisis_message
from clinic.handoff.protocol import People, text
from clinic.handoff.spool import Spool, Spooled, store_spooled
from clinic.models import Escalation, Message, Role
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW, SUICIDE, WORDS, conversation_of, start


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def chat(database: Database, clinic_info: ClinicInfo) -> tuple[str, str]:
    return start(database, clinic_info)


def entry(chat: tuple[str, str], *, client_id: str = "one", received_at: str = "2026-11-23T17:30:00Z") -> Spooled:
    return Spooled(
        conversation_id=chat[0],
        token=chat[1],
        client_id=client_id,
        text=WORDS,
        finding=SUICIDE,
        received_at=received_at,
    )


def store(database: Database, spool: Spool) -> int:
    return store_spooled(database, spool, people=People.queued, now=NOW)


def said(database: Database, chat: tuple[str, str]) -> Sequence[Message]:
    with database.reading() as session:
        return messages_after(session, conversation_id=chat[0])


def escalations(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Escalation.conversation_id)))


def test_an_entry_is_read_back_as_it_was_put(spool: Spool, chat: tuple[str, str]) -> None:
    path = spool.put(entry(chat))
    assert list(spool.entries()) == [(path, entry(chat))]


def test_an_answer_is_still_an_answer_when_it_is_read_back(spool: Spool, chat: tuple[str, str]) -> None:
    answered = replace(entry(chat), finding=replace(SUICIDE, answers="ask_already", is_news=True))
    path = spool.put(answered)
    assert list(spool.entries()) == [(path, answered)]


def test_a_file_can_be_read_by_its_owner_only(spool: Spool, chat: tuple[str, str]) -> None:
    path = spool.put(entry(chat))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_entries_come_oldest_first(spool: Spool, chat: tuple[str, str]) -> None:
    for moment in ("2026-11-23T17:30:02Z", "2026-11-23T17:30:00Z", "2026-11-23T17:30:01Z"):
        spool.put(entry(chat, received_at=moment))
    assert [one.received_at[-3:] for _, one in spool.entries()] == ["00Z", "01Z", "02Z"]


def test_two_entries_of_the_same_moment_are_two_files(spool: Spool, chat: tuple[str, str]) -> None:
    assert spool.put(entry(chat)) != spool.put(entry(chat))


def test_an_empty_spool_has_no_entries(spool: Spool) -> None:
    assert list(spool.entries()) == []


def test_a_half_written_file_is_not_read(spool: Spool, chat: tuple[str, str]) -> None:
    path = spool.put(entry(chat))
    path.rename(path.with_suffix(".partial"))
    assert list(spool.entries()) == []


def test_a_spooled_message_is_stored_with_its_escalation_and_removed(
    database: Database, spool: Spool, chat: tuple[str, str]
) -> None:
    path = spool.put(entry(chat))
    assert store(database, spool) == 1
    assert escalations(database) == [chat[0]]
    assert WORDS in [message.text for message in said(database, chat)]
    assert not path.exists()


def test_the_visitor_is_told_that_staff_have_it_now(database: Database, spool: Spool, chat: tuple[str, str]) -> None:
    spool.put(entry(chat))
    store(database, spool)
    last = said(database, chat)[-1]
    assert (last.role, last.text) == (Role.notice, text("recorded_late"))


def test_a_second_round_stores_nothing_more(database: Database, spool: Spool, chat: tuple[str, str]) -> None:
    spool.put(entry(chat))
    store(database, spool)
    before = [message.id for message in said(database, chat)]
    assert store(database, spool) == 0
    assert [message.id for message in said(database, chat)] == before


def test_the_same_entry_put_twice_is_stored_once(database: Database, spool: Spool, chat: tuple[str, str]) -> None:
    spool.put(entry(chat))
    spool.put(entry(chat))
    store(database, spool)
    texts = [message.text for message in said(database, chat)]
    assert texts.count(WORDS) == texts.count(text("recorded_late")) == 1
    assert escalations(database) == [chat[0]]


def test_a_message_that_was_committed_meanwhile_is_not_doubled(
    database: Database, spool: Spool, chat: tuple[str, str]
) -> None:
    spool.put(entry(chat))
    with database.transaction() as session:
        take_crisis_message(
            session,
            conversation=conversation_of(session, chat[0]),
            client_id="one",
            text=WORDS,
            finding=SUICIDE,
            people=People.queued,
            now=NOW,
        )
    before = [message.id for message in said(database, chat)]
    store(database, spool)
    assert [message.id for message in said(database, chat)] == before
    assert escalations(database) == [chat[0]]


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_wrong_token_stores_nothing_in_the_conversation(
    database: Database, spool: Spool, chat: tuple[str, str], token: str
) -> None:
    before = [message.id for message in said(database, chat)]
    spool.put(entry((chat[0], token)))
    store(database, spool)
    assert [message.id for message in said(database, chat)] == before
    assert escalations(database) == []


def test_an_unknown_conversation_does_not_hold_back_the_others(
    database: Database, spool: Spool, chat: tuple[str, str]
) -> None:
    spool.put(entry(("nobody", "token"), received_at="2026-11-23T17:29:00Z"))
    spool.put(entry(chat))
    store(database, spool)
    assert escalations(database) == [chat[0]]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"text": "x"}', "null"])
def test_an_unreadable_file_is_set_aside_and_the_next_one_stored(
    database: Database, spool: Spool, chat: tuple[str, str], content: str
) -> None:
    unreadable = spool.put(entry(chat, received_at="2026-11-23T17:00:00Z"))
    unreadable.write_text(content)
    spool.put(entry(chat))
    assert store(database, spool) == 1
    assert unreadable.with_suffix(".unreadable").read_text() == content
    assert escalations(database) == [chat[0]]


def test_a_file_that_is_no_utf8_is_set_aside(spool: Spool, chat: tuple[str, str]) -> None:
    path = spool.put(entry(chat))
    path.write_bytes(b"\xff\xfe")
    assert list(spool.entries()) == []
    assert path.with_suffix(".unreadable").exists()


def test_entries_stay_where_the_database_is_away(
    database: Database, spool: Spool, chat: tuple[str, str], tmp_path: Path
) -> None:
    spool.put(entry(chat))
    without_tables = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(SQLAlchemyError):
        store(without_tables, spool)
    without_tables.close()
    assert store(database, spool) == 1


def test_the_file_keeps_the_finding_whole(spool: Spool, chat: tuple[str, str]) -> None:
    kept = json.loads(spool.put(entry(chat)).read_text())
    assert (kept["finding"]["risk"], kept["finding"]["severity"]) == ("suicide", "acute")
