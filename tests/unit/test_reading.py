"""A message before Rasa: the screen and the safety question read it together, without network or database."""

from dataclasses import replace

import pytest

import screen
from clinic.handoff.safety_answer import Question
from web.incoming import Incoming
from web.reading import Known, Read, read_message

ASKED_DIRECTLY = Known(question=Question.directly, previous=["i hope i dont wake up tomorrow"])
ASKED_ALREADY = Known(question=Question.already, previous=["i want to die"])
UNREADABLE = Known()


def typed(text: str, known: Known) -> Read:
    return read_message(Incoming("one", text), known)


def tapped(payload: str, known: Known) -> Read:
    return read_message(Incoming("one", payload, payload=payload), known)


def found(read: Read) -> tuple[str, str] | None:
    return (read.finding.risk, read.finding.severity) if read.finding else None


@pytest.mark.parametrize(
    "text", ["yes", "yeah i did", "sí", "un poco", "maybe", "i think so", "yes but can i drive after"]
)
def test_a_yes_raises_the_severity(text: str) -> None:
    assert found(typed(text, ASKED_DIRECTLY)) == ("suicide", "acute")
    assert found(typed(text, ASKED_ALREADY)) == ("overdose", "imminent")


@pytest.mark.parametrize("text", ["no", "nope", "no i havent", "no, para nada", "not really"])
@pytest.mark.parametrize("known", [ASKED_DIRECTLY, ASKED_ALREADY])
def test_a_no_raises_nothing(text: str, known: Known) -> None:
    assert found(typed(text, known)) is None


def test_a_no_is_not_read_behind_the_risk_it_answers() -> None:
    known = replace(ASKED_DIRECTLY, previous=["everyone would be better off without me"])
    assert found(typed("no", known)) is None


def test_a_no_with_risk_in_it_is_the_screen_s_to_decide() -> None:
    after = typed("no, but i am going to kill myself tonight", ASKED_ALREADY)
    assert found(after) == ("suicide", "imminent")
    assert after.finding is not None
    assert after.finding.source == "screen"


@pytest.mark.parametrize("text", ["yes", "no", "maybe"])
def test_without_a_question_these_words_mean_nothing(text: str) -> None:
    assert found(typed(text, Known())) is None
    assert typed(text, Known()).heard is None


@pytest.mark.parametrize("payload", ["/safety_yes_already", "/safety_yes_already_es"])
@pytest.mark.parametrize("known", [ASKED_ALREADY, Known(), UNREADABLE])
def test_a_tapped_yes_counts_whatever_is_known(payload: str, known: Known) -> None:
    assert found(tapped(payload, known)) == ("overdose", "imminent")


@pytest.mark.parametrize(("text", "payload"), [("yes", "/safety_yes_directly"), ("no", "/safety_no_directly")])
def test_typed_and_tapped_are_equal(text: str, payload: str) -> None:
    by_hand, by_tap = typed(text, ASKED_DIRECTLY), tapped(payload, ASKED_DIRECTLY)
    assert by_hand.finding == by_tap.finding
    assert by_hand.words.casefold() == by_tap.words.casefold()


def test_the_tap_on_an_older_question_answers_that_one() -> None:
    assert found(tapped("/safety_yes_directly", ASKED_ALREADY)) == ("suicide", "acute")


def test_another_button_answers_no_safety_question() -> None:
    after = tapped("/affirm", replace(ASKED_ALREADY, title="Yes"))
    assert after.heard is None
    assert found(after) is None


def test_a_bare_answer_is_in_the_conversation_s_language() -> None:
    after = typed("no", replace(ASKED_ALREADY, language="es"))
    assert after.language == "es"


def test_a_raised_finding_is_in_the_tapped_button_s_language() -> None:
    after = tapped("/safety_yes_already_es", UNREADABLE)
    assert after.words == "Sí"
    assert after.finding is not None
    assert after.finding.language == "es"


def test_an_answer_is_heard_where_the_screen_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(screen, "assess", fail)
    assert found(typed("yes", ASKED_ALREADY)) == ("overdose", "imminent")


def test_a_payload_of_no_button_is_not_known() -> None:
    assert not tapped("/restart", Known()).is_known


def test_an_age_under_18_is_heard_before_anything_is_stored() -> None:
    assert typed("im 15 and i want to die", UNREADABLE).is_minor
