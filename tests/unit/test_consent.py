"""Only a clear yes is consent."""

import pytest

from clinic.booking.consent import Answer, read_answer
from clinic.content import wording
from clinic.errors import InvalidInput


@pytest.mark.parametrize(
    "words",
    [
        "yes",
        "YES!",
        "Yep",
        "sure",
        "ok",
        "that's right",
        "that’s correct",
        "go ahead",
        "yes, that's my name and number",
        "yes, please go ahead and call me at this number any time",
        "sí",
        "Si",
        "si por favor",
        "sí, es mi número",
        "claro que sí",
        "está bien",
        "de acuerdo",
    ],
)
def test_a_clear_yes_is_consent(words: str) -> None:
    assert read_answer(words) is Answer.yes


def test_the_confirm_button_s_own_words_are_consent() -> None:
    assert read_answer(wording()["booking"]["confirm"]) is Answer.yes


@pytest.mark.parametrize("answer", ["change", "change_name", "change_phone", "change_time"])
def test_each_change_button_s_own_words_mean_that_change(answer: str) -> None:
    assert read_answer(wording()["booking"][answer]) is Answer(answer)


@pytest.mark.parametrize(
    "words",
    [
        "no",
        "No.",
        "nope",
        "no, don't call me",
        "no gracias",
        "no me llame",
        "wrong",
        "no, that's right",
        "I want to edit it",
    ],
)
def test_a_no_asks_what_to_change(words: str) -> None:
    assert read_answer(words) is Answer.change


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("yes but change the time", Answer.change_time),
        ("yes, that's the wrong day", Answer.change_time),
        ("sí pero cambia la hora", Answer.change_time),
        ("correct, except the day", Answer.change_time),
        ("yes but not that number", Answer.change_phone),
        ("wrong number", Answer.change_phone),
        ("no, cambiar el número", Answer.change_phone),
        ("correct the name", Answer.change_name),
        ("my name is Sam, not Pam", Answer.change_name),
    ],
)
def test_what_has_to_change_is_heard_also_beside_a_yes(words: str, answer: Answer) -> None:
    assert read_answer(words) is answer


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "maybe",
        "not sure",
        "I guess",
        "yes?",
        "yes no",
        "okay no",
        "yeah nah",
        "ok wait",
        "yes, stop",
        "yes cancel that",
        "yes, never call me",
        "yes, don’t",
        "yes if it is free",
        "yes, but at 3",
        "right now i can't",
        "ok what is the price",
        "of course not",
        "si puede ser más tarde",
        "sí, espere",
        "do not call me",
        "never mind",
        "is it free?",
        "what is ketamine",
        "yesterday",
        "silly",
        "/affirm",
        "👍",
    ],
)
def test_silence_and_doubt_are_unclear_and_never_consent(words: str) -> None:
    with pytest.raises(InvalidInput, match="consent_unclear"):
        read_answer(words)


@pytest.mark.timeout(5)
def test_a_very_long_answer_is_read_within_seconds() -> None:
    with pytest.raises(InvalidInput):
        read_answer("yes but " * 20_000)
