"""Conversations: who may open them, what is said first, and reading in order."""

from datetime import timedelta

import pytest

from clinic.chat.conversations import (
    add_message,
    add_visitor_message,
    as_json,
    disclose_again,
    find_turn,
    messages_after,
    offered_title,
    open_conversation,
    recent_visitor_texts,
    start_conversation,
)
from clinic.chat.reply import Button, Reply
from clinic.db import Database
from clinic.errors import NotAllowed, NotFound
from clinic.library import library
from clinic.models import Conversation
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW, conversation_of, start


@pytest.fixture
def chat(database: Database, clinic_info: ClinicInfo) -> str:
    return start(database, clinic_info)[0]


def write(database: Database, chat: str, text: str, client_id: str) -> int:
    with database.transaction() as session:
        return add_visitor_message(
            session, conversation=conversation_of(session, chat), client_id=client_id, text=text, now=NOW
        ).id


def offer(database: Database, chat: str, title: str, payload: str) -> None:
    with database.transaction() as session:
        reply = Reply("answer", "text", buttons=[Button(title=title, payload=payload)])
        add_message(session, conversation=conversation_of(session, chat), reply=reply, now=NOW)


def come_back(database: Database, clinic: ClinicInfo, chat: str, after: timedelta) -> bool:
    with database.transaction() as session:
        return disclose_again(session, conversation=conversation_of(session, chat), clinic=clinic, now=NOW + after)


def test_the_token_opens_its_conversation(database: Database, clinic_info: ClinicInfo) -> None:
    chat, token = start(database, clinic_info)
    with database.reading() as session:
        assert open_conversation(session, conversation_id=chat, token=token).id == chat


@pytest.mark.parametrize("wrong", ["", "x", "ä", "0" * 64])
def test_another_token_is_not_allowed(database: Database, chat: str, wrong: str) -> None:
    with database.reading() as session, pytest.raises(NotAllowed):
        open_conversation(session, conversation_id=chat, token=wrong)


def test_another_conversation_s_token_is_not_allowed(database: Database, clinic_info: ClinicInfo, chat: str) -> None:
    _, other_token = start(database, clinic_info)
    with database.reading() as session, pytest.raises(NotAllowed):
        open_conversation(session, conversation_id=chat, token=other_token)


def test_the_stored_hash_does_not_open_the_conversation(database: Database, chat: str) -> None:
    with database.reading() as session:
        kept = session.get_one(Conversation, chat).token_hash
        with pytest.raises(NotAllowed):
            open_conversation(session, conversation_id=chat, token=kept)


def test_the_token_itself_is_not_stored(database: Database, clinic_info: ClinicInfo) -> None:
    chat, token = start(database, clinic_info)
    with database.reading() as session:
        row = session.get_one(Conversation, chat)
        assert token not in [getattr(row, column.name) for column in Conversation.__table__.columns]


def test_an_unknown_conversation_is_not_found(database: Database) -> None:
    with database.reading() as session, pytest.raises(NotFound):
        open_conversation(session, conversation_id="nobody", token="x")


def test_ids_and_tokens_are_never_the_same_twice(database: Database, clinic_info: ClinicInfo) -> None:
    started = [start(database, clinic_info) for _ in range(5)]
    assert len({value for pair in started for value in pair}) == 10


def test_it_begins_with_the_disclosure(database: Database, clinic_info: ClinicInfo, chat: str) -> None:
    with database.reading() as session:
        (first,) = messages_after(session, conversation_id=chat)
    assert (first.role, first.kind) == ("assistant", "disclosure")
    for said in ("AI", "not a person", clinic_info.name, "911", "988", f"{clinic_info.retention_days} days"):
        assert said in first.text
    assert "{" not in first.text


def test_the_disclosure_offers_topics_that_have_an_answer(database: Database, chat: str) -> None:
    with database.reading() as session:
        (first,) = messages_after(session, conversation_id=chat)
    assert first.buttons
    assert {button["payload"].removeprefix("/") for button in first.buttons} <= set(library().answers)


@pytest.mark.parametrize("away", [timedelta(0), timedelta(days=6), timedelta(days=7) - timedelta(seconds=1)])
def test_before_seven_days_nothing_is_said_again(
    database: Database, clinic_info: ClinicInfo, chat: str, away: timedelta
) -> None:
    assert not come_back(database, clinic_info, chat, away)
    with database.reading() as session:
        assert len(messages_after(session, conversation_id=chat)) == 1


def test_after_seven_days_the_disclosure_is_said_again(database: Database, clinic_info: ClinicInfo, chat: str) -> None:
    assert come_back(database, clinic_info, chat, timedelta(days=7))
    with database.reading() as session:
        again = messages_after(session, conversation_id=chat)[-1]
    assert again.kind == "disclosure"
    for said in ("AI", "not a person", "911", "988"):
        assert said in again.text


def test_it_is_said_again_only_once_for_one_return(database: Database, clinic_info: ClinicInfo, chat: str) -> None:
    come_back(database, clinic_info, chat, timedelta(days=7))
    assert not come_back(database, clinic_info, chat, timedelta(days=7, minutes=1))


def test_seven_days_count_from_the_visitor_s_last_word(database: Database, clinic_info: ClinicInfo, chat: str) -> None:
    with database.transaction() as session:
        later = NOW + timedelta(days=5)
        add_visitor_message(session, conversation=conversation_of(session, chat), client_id="a", text="hi", now=later)
    assert not come_back(database, clinic_info, chat, timedelta(days=8))


def test_messages_come_in_the_order_they_were_stored(database: Database, chat: str) -> None:
    ids = [write(database, chat, text, text) for text in ("one", "two", "three")]
    assert ids == sorted(set(ids))
    with database.reading() as session:
        stored = messages_after(session, conversation_id=chat)
    assert [message.text for message in stored[1:]] == ["one", "two", "three"]


def test_only_messages_after_the_given_id_are_read(database: Database, chat: str) -> None:
    first, _, third = (write(database, chat, text, text) for text in ("one", "two", "three"))
    with database.reading() as session:
        assert [m.text for m in messages_after(session, conversation_id=chat, after=first)] == ["two", "three"]
        assert messages_after(session, conversation_id=chat, after=third) == []


def test_no_more_than_the_limit_are_read(database: Database, chat: str) -> None:
    for number in range(3):
        write(database, chat, str(number), str(number))
    with database.reading() as session:
        assert len(messages_after(session, conversation_id=chat, limit=2)) == 2


def test_another_conversation_s_messages_are_not_read(database: Database, clinic_info: ClinicInfo, chat: str) -> None:
    other, _ = start(database, clinic_info)
    write(database, other, "private", "one")
    with database.reading() as session:
        assert "private" not in [message.text for message in messages_after(session, conversation_id=chat)]


def test_an_id_is_not_used_again_after_a_deletion(database: Database, clinic_info: ClinicInfo, chat: str) -> None:
    last = write(database, chat, "one", "one")
    with database.transaction() as session:
        session.delete(conversation_of(session, chat))
    other, _ = start(database, clinic_info)
    assert write(database, other, "two", "two") > last


def test_a_turn_is_found_by_its_client_id_with_its_replies(database: Database, chat: str) -> None:
    asked = write(database, chat, "one", "one")
    with database.transaction() as session:
        turn = find_turn(session, conversation_id=chat, client_id="one")
        assert turn is not None
        add_message(
            session,
            conversation=conversation_of(session, chat),
            reply=Reply("answer", "reply"),
            now=NOW,
            turn_of=turn.visitor,
        )
    with database.reading() as session:
        found = find_turn(session, conversation_id=chat, client_id="one")
    assert found is not None
    assert [found.visitor.id, *(reply.text for reply in found.replies)] == [asked, "reply"]
    assert not found.is_new


def test_a_client_id_of_another_conversation_is_no_turn_here(
    database: Database, clinic_info: ClinicInfo, chat: str
) -> None:
    other, _ = start(database, clinic_info)
    write(database, other, "one", "one")
    with database.reading() as session:
        assert find_turn(session, conversation_id=chat, client_id="one") is None


def test_the_last_visitor_texts_come_oldest_first(database: Database, chat: str) -> None:
    for text in ("one", "two", "three", "four"):
        write(database, chat, text, text)
    with database.reading() as session:
        assert recent_visitor_texts(session, conversation_id=chat, count=3) == ["two", "three", "four"]


def test_the_newest_button_names_its_payload(database: Database, chat: str) -> None:
    offer(database, chat, "Old words", "/onset")
    offer(database, chat, "New words", "/onset")
    with database.reading() as session:
        assert offered_title(session, conversation_id=chat, payload="/onset") == "New words"


def test_a_payload_that_was_never_offered_has_no_title(database: Database, clinic_info: ClinicInfo, chat: str) -> None:
    other, _ = start(database, clinic_info)
    offer(database, other, "Elsewhere", "/restart")
    with database.reading() as session:
        assert offered_title(session, conversation_id=chat, payload="/restart") is None


def test_only_the_visitor_s_own_message_shows_a_client_id(database: Database, chat: str) -> None:
    write(database, chat, "one", "mine")
    with database.reading() as session:
        shown = [as_json(message) for message in messages_after(session, conversation_id=chat)]
    assert [one.get("client_id") for one in shown] == [None, "mine"]
    assert shown[1]["created_at"] == "2026-11-23T17:30:00Z"


def test_a_time_without_a_zone_cannot_be_stored(database: Database, clinic_info: ClinicInfo) -> None:
    def start_without_zone() -> None:
        with database.transaction() as session:
            start_conversation(session, clinic=clinic_info, now=NOW.replace(tzinfo=None))

    with pytest.raises(Exception, match="without a time zone"):
        start_without_zone()
