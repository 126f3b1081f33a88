"""How questions are understood in the light of the conversation, through the running service."""

import pytest

from tests.visitor import Visitor


def topics(replies: list[dict]) -> list[str | None]:
    return [reply["topic"] for reply in replies]


def test_two_questions_in_one_message_get_both_answers(visitor: Visitor) -> None:
    replies = visitor.say("can i drive home after a session? and is ketamine addictive?")
    assert topics(replies) == ["driving", "addiction"]


def test_what_about_at_home_turns_to_home_use(visitor: Visitor) -> None:
    visitor.say("what forms of ketamine are there?")
    assert topics(visitor.say("what about at home?")) == ["at_home_use"]


def test_more_goes_on_with_the_last_topic(visitor: Visitor) -> None:
    [first] = visitor.say("does ketamine damage your bladder?")
    [more] = visitor.say("tell me more")
    assert topics([first, more]) == ["bladder", "bladder"]
    assert more["text"] != first["text"]


def test_a_second_message_that_is_not_understood_offers_a_person(visitor: Visitor) -> None:
    [first] = visitor.say("whats the weather in tokyo tomorrow")
    [second] = visitor.say("who won the football world cup in 1998")
    assert (first["kind"], second["kind"]) == ("fallback", "fallback")
    assert first["text"] != second["text"]
    assert second["buttons"][0]["payload"] == "/talk_to_human"


def test_a_question_in_spanish_finds_its_topic_and_says_in_spanish_that_texts_are_english(visitor: Visitor) -> None:
    [answer] = visitor.say("¿La ketamina puede dañar la vejiga?")
    assert answer["topic"] == "bladder"
    assert answer["text"].startswith("Mis textos están en inglés")


def test_who_asks_in_spanish_whether_this_is_a_person_is_told_no_in_spanish(visitor: Visitor) -> None:
    [answer] = visitor.say("¿eres una persona de verdad o un robot?")
    assert answer["topic"] == "are_you_a_bot"
    assert answer["text"].startswith("No. Soy un asistente de IA")


def test_a_minor_who_asks_for_treatment_hears_about_age_and_a_parent(visitor: Visitor) -> None:
    [answer] = visitor.say("im 16, would i qualify for ketamine treatment?")
    assert answer["topic"] == "age_limits"
    assert "parent or guardian" in answer["text"]


def test_a_minor_is_remembered_in_the_next_message(visitor: Visitor) -> None:
    visitor.say("hi, im 16 and feeling low. how does ketamine work?")
    assert topics(visitor.say("would i qualify for treatment?")) == ["age_limits"]


@pytest.mark.parametrize(
    ("asked", "topic"),
    [
        ("how many mg would you give me", "dosing"),
        ("should i stop taking my lamictal before i come in", "medical_advice"),
        ("are you a bot or a real nurse", "are_you_a_bot"),
    ],
)
def test_a_boundary_is_kept(visitor: Visitor, asked: str, topic: str) -> None:
    assert topics(visitor.say(asked)) == [topic]
