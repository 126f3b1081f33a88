"""The one safety question and what is asked about police and parents, with Rasa away: all of it is read in web."""

import sqlite3
from collections.abc import Iterator

import pytest

from cli.scratch import Scratch, free_port, running
from tests.visitor import Message, Visitor, of_conversation

PASSIVE = "i hope i dont wake up tomorrow"  # a concern: the reply asks about suicide directly
ACTIVE = "i want to die"  # acute: the reply asks what has happened already


@pytest.fixture(scope="module")
def web_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    nowhere = {"LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}", "LOTUS_MESSAGES_PER_MINUTE": "100000"}
    with running(tmp_path_factory.mktemp("alone"), "web", wait_for="/healthz", **nowhere) as started:
        yield started


@pytest.fixture
def guest(web_alone: Scratch) -> Iterator[Visitor]:
    with Visitor(web_alone.url) as arrived:
        yield arrived


def button(message: Message, title: str) -> str:
    [payload] = [one["payload"] for one in message["buttons"] if one["title"] == title]
    return payload


def escalated(service: Scratch, guest: Visitor) -> tuple[str, str]:
    [escalation] = of_conversation(service, "escalations", guest)
    return escalation["risk"], escalation["severity"]


def alerts(service: Scratch, guest: Visitor) -> int:
    database = sqlite3.connect(service.folder / "lotus.db")
    [(count,)] = database.execute(
        "SELECT count(*) FROM alerts JOIN escalations ON escalations.id = escalation_id WHERE conversation_id = ?",
        [guest.id],
    )
    database.close()
    return count


@pytest.mark.parametrize("yes", ["yes", "maybe", "un poco", "yes but can i drive after"])
def test_a_typed_yes_raises_the_severity_and_alerts_again(web_alone: Scratch, guest: Visitor, yes: str) -> None:
    guest.say(PASSIVE)
    assert escalated(web_alone, guest) == ("suicide", "concern")
    [reply] = guest.say(yes)
    assert reply["kind"] == "crisis"
    assert escalated(web_alone, guest) == ("suicide", "acute")
    assert alerts(web_alone, guest) == 2


def test_a_tapped_yes_is_the_same_as_a_typed_one(web_alone: Scratch, guest: Visitor) -> None:
    [asked] = guest.say(PASSIVE)
    [reply] = guest.tap(button(asked, "Yes"))
    with Visitor(web_alone.url) as typing:
        typing.say(PASSIVE)
        [typed] = typing.say("Yes")
    assert (reply["text"], reply["buttons"]) == (typed["text"], typed["buttons"])
    assert guest.messages()[-2]["text"] == "Yes"
    assert escalated(web_alone, guest) == ("suicide", "acute")


def test_one_yes_leads_to_the_next_question_and_a_second_to_911(web_alone: Scratch, guest: Visitor) -> None:
    guest.say(PASSIVE)
    guest.say("yes")
    [reply] = guest.say("yeah i did")
    assert reply["kind"] == "medical_emergency"
    assert reply["buttons"][0]["payload"] == "tel:911"
    assert escalated(web_alone, guest) == ("overdose", "imminent")
    assert alerts(web_alone, guest) == 3


@pytest.mark.parametrize("no", ["no", "no i havent", "/safety_no_already"])
def test_a_no_changes_nothing_and_is_answered_kindly(web_alone: Scratch, guest: Visitor, no: str) -> None:
    guest.say(ACTIVE)
    [reply] = guest.tap(no) if no.startswith("/") else guest.say(no)
    assert reply["kind"] == "handoff"
    assert "Thank you for answering" in reply["text"]
    assert escalated(web_alone, guest) == ("suicide", "acute")
    assert alerts(web_alone, guest) == 1


def test_after_a_no_a_typed_yes_answers_nothing_any_more(web_alone: Scratch, guest: Visitor) -> None:
    guest.say(ACTIVE)
    guest.say("no")
    guest.say("yes")
    assert escalated(web_alone, guest) == ("suicide", "acute")


def test_a_yes_is_still_heard_after_two_other_messages(web_alone: Scratch, guest: Visitor) -> None:
    for words in (ACTIVE, "hello", "how does ketamine work?", "yes"):
        guest.say(words)
    assert escalated(web_alone, guest) == ("overdose", "imminent")


def test_the_question_is_asked_and_answered_in_spanish(web_alone: Scratch, guest: Visitor) -> None:
    [asked] = guest.say("quiero morirme")
    [reply] = guest.tap(button(asked, "Sí"))
    assert "Llame al 911 ahora" in reply["text"]
    assert escalated(web_alone, guest) == ("overdose", "imminent")


def test_a_repeated_yes_is_one_message_and_one_alert(web_alone: Scratch, guest: Visitor) -> None:
    guest.say(PASSIVE)
    first = guest.say("yes", client_id="again")
    assert guest.say("yes", client_id="again") == first
    assert escalated(web_alone, guest) == ("suicide", "acute")
    assert alerts(web_alone, guest) == 2


def test_a_tapped_yes_is_taken_while_the_database_is_locked(web_alone: Scratch, guest: Visitor) -> None:
    [asked] = guest.say(ACTIVE)
    blocker = sqlite3.connect(web_alone.folder / "lotus.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    [reply] = guest.tap(button(asked, "Yes"))
    blocker.execute("ROLLBACK")
    blocker.close()
    assert (reply["kind"], reply["id"]) == ("medical_emergency", None)
    assert "could not reach" in reply["text"]
    assert list((web_alone.folder / "spool").glob("*.json"))


def test_a_visitor_under_18_reads_of_safeut(guest: Visitor) -> None:
    guest.say("im 15")
    [crisis] = guest.say(ACTIVE)
    assert "SafeUT" in crisis["text"]
    assert "https://safeut.org/" in {one["payload"] for one in crisis["buttons"]}


@pytest.mark.parametrize(
    "question", ["will you call the police?", "are you going to tell my parents", "is this private"]
)
def test_who_asks_who_is_told_gets_the_truth(guest: Visitor, question: str) -> None:
    guest.say(ACTIVE)
    [reply] = guest.say(question)
    assert "I don't call anyone myself" in reply["text"]
    assert "988" in reply["text"]


def test_it_is_told_in_spanish_to_who_writes_spanish(guest: Visitor) -> None:
    guest.say("quiero morirme")
    [reply] = guest.say("¿van a llamar a la policía?")
    assert "no llamo a nadie" in reply["text"]


def test_without_a_flag_that_question_goes_to_rasa(guest: Visitor) -> None:
    [reply] = guest.say("is this chat private?")
    assert reply["kind"] == "safe_text"  # Rasa is away here
