"""A crisis message: message, escalation, alert and reply in one transaction, once for each client_id."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from clinic.chat.conversations import Turn, add_visitor_message
from clinic.db import Database
from clinic.handoff.crisis_turn import take_crisis_message
from clinic.handoff.finding import Finding
from clinic.handoff.protocol import People, text
from clinic.handoff.safety_question import close_question
from clinic.models import Alert, Conversation, Escalation, Message
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW, SUICIDE, WORDS, conversation_of, start


@pytest.fixture
def chat(database: Database, clinic_info: ClinicInfo) -> str:
    return start(database, clinic_info)[0]


def take(
    database: Database, chat: str, client_id: str = "one", *, words: str = WORDS, found: Finding = SUICIDE
) -> Turn:
    with database.transaction() as session:
        return take_crisis_message(
            session,
            conversation=conversation_of(session, chat),
            client_id=client_id,
            text=words,
            finding=found,
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


def question(database: Database, chat: str) -> str | None:
    with database.reading() as session:
        return session.get_one(Conversation, chat).safety_question


def test_the_question_that_the_reply_asks_is_open(database: Database, chat: str) -> None:
    take(database, chat)
    assert question(database, chat) == "ask_already"


def test_a_crisis_reply_that_asks_nothing_closes_it(database: Database, chat: str) -> None:
    take(database, chat, "one")
    take(database, chat, "two")
    assert question(database, chat) is None


def test_a_repeated_request_opens_no_question_again(database: Database, chat: str) -> None:
    take(database, chat)
    with database.transaction() as session:
        close_question(conversation_of(session, chat))
    take(database, chat)
    assert question(database, chat) is None


YES_TAKEN = Finding("overdose", "imminent", "answer", answers="ask_already", is_news=True)


def test_a_yes_alerts_again_also_at_the_severity_staff_know(database: Database, chat: str) -> None:
    take(database, chat, "one", found=replace(YES_TAKEN, risk="suicide", answers=None, is_news=False))
    take(database, chat, "two", found=replace(YES_TAKEN, risk="suicide"))
    assert counts(database)["Alert"] == 2


def test_the_same_yes_tapped_later_again_alerts_nobody_again(database: Database, chat: str) -> None:
    take(database, chat, "one", found=YES_TAKEN)
    take(database, chat, "two", found=replace(YES_TAKEN, is_news=False))
    assert counts(database)["Alert"] == 1


def test_a_yes_to_something_taken_puts_911_before_poison_control(database: Database, chat: str) -> None:
    take(database, chat, "one")
    (reply,) = take(database, chat, "two", found=YES_TAKEN).replies
    assert reply.kind == "medical_emergency"
    assert text("taken_something") in reply.text


def test_who_says_here_that_they_are_under_18_reads_of_safeut(database: Database, chat: str) -> None:
    assert text("safeut") in take(database, chat, words="im 15 and i want to die").replies[0].text


def test_who_said_earlier_that_they_are_under_18_reads_of_safeut(database: Database, chat: str) -> None:
    with database.transaction() as session:
        add_visitor_message(
            session, conversation=conversation_of(session, chat), client_id="early", text="i am 15 years old", now=NOW
        )
    assert text("safeut") in take(database, chat, words="i want to die").replies[0].text


def test_an_adult_reads_nothing_of_safeut(database: Database, chat: str) -> None:
    assert "SafeUT" not in take(database, chat, words="i am 45 and i want to die").replies[0].text


def test_of_the_age_only_a_flag_is_kept_with_the_conversation(database: Database, chat: str) -> None:
    take(database, chat, words="im 15 and i want to die")
    with database.reading() as session:
        conversation = session.get_one(Conversation, chat)
        values = [getattr(conversation, column.name) for column in Conversation.__table__.columns]
    assert conversation.says_minor is True
    assert 15 not in values


def test_a_number_in_a_crisis_message_joins_the_escalation_and_the_visitor_reads_so(
    database: Database, chat: str
) -> None:
    (reply,) = take(database, chat).replies
    assert text("phone_added") in reply.text
    assert text("offer_call") not in reply.text
    with database.reading() as session:
        assert session.scalars(select(Escalation.phone)).all() == ["+18015550123"]


def test_who_asks_about_the_police_in_a_crisis_message_is_told_the_truth(database: Database, chat: str) -> None:
    (reply,) = take(database, chat, words="i want to die but will you call the police").replies
    assert text("who_is_told") in reply.text
    assert reply.text.endswith(text("ask_already"))
