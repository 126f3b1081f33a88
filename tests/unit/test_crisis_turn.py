"""A crisis message: message, escalation, alert and reply in one transaction, once for each client_id."""

import pytest
from sqlalchemy import func, select

from clinic.chat.conversations import Turn, add_visitor_message
from clinic.db import Database
from clinic.handoff.crisis_turn import take_crisis_message
from clinic.handoff.protocol import People, text
from clinic.models import Alert, Conversation, Escalation, Message
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW, SUICIDE, WORDS, conversation_of, start


@pytest.fixture
def chat(database: Database, clinic_info: ClinicInfo) -> str:
    return start(database, clinic_info)[0]


def take(database: Database, chat: str, client_id: str = "one") -> Turn:
    with database.transaction() as session:
        return take_crisis_message(
            session,
            conversation=conversation_of(session, chat),
            client_id=client_id,
            text=WORDS,
            finding=SUICIDE,
            people=People.queued,
            now=NOW,
        )


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {
            model.__name__: session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Message, Escalation, Alert)
        }


def test_the_message_is_answered_at_once_with_the_protocol_s_reply(database: Database, chat: str) -> None:
    turn = take(database, chat)
    assert turn.is_new
    assert turn.visitor.text == WORDS
    assert turn.visitor.answered_at == NOW
    (reply,) = turn.replies
    assert reply.kind == "crisis"
    assert "988" in reply.text


def test_the_escalation_points_at_the_message(database: Database, chat: str) -> None:
    turn = take(database, chat)
    with database.reading() as session:
        assert session.scalars(select(Escalation.message_id)).all() == [turn.visitor.id]


def test_the_same_client_id_again_changes_nothing(database: Database, chat: str) -> None:
    first = take(database, chat)
    before = counts(database)
    again = take(database, chat)
    assert not again.is_new
    assert [one.id for one in again.messages] == [one.id for one in first.messages]
    assert counts(database) == before
    with database.reading() as session:
        conversation = session.get_one(Conversation, chat)
    assert (conversation.epoch, conversation.crisis_replies) == (1, 1)


def test_a_stored_message_without_an_answer_is_answered_and_not_doubled(database: Database, chat: str) -> None:
    with database.transaction() as session:
        known = add_visitor_message(
            session, conversation=conversation_of(session, chat), client_id="one", text=WORDS, now=NOW
        )
    turn = take(database, chat)
    assert turn.visitor.id == known.id
    assert len(turn.replies) == 1


def test_a_new_rasa_sender_starts_with_every_crisis_message(database: Database, chat: str) -> None:
    for client_id in ("one", "two"):
        take(database, chat, client_id)
    with database.reading() as session:
        assert session.get_one(Conversation, chat).epoch == 2


def test_the_second_crisis_message_gets_the_second_reply(database: Database, chat: str) -> None:
    take(database, chat, "one")
    assert text("second") in take(database, chat, "two").replies[0].text


def test_two_crisis_messages_are_one_escalation_with_one_alert(database: Database, chat: str) -> None:
    take(database, chat, "one")
    take(database, chat, "two")
    assert counts(database) | {"Message": 0} == {"Message": 0, "Escalation": 1, "Alert": 1}
