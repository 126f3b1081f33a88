"""Splitting a message into the questions it asks."""

import pytest

from engine.graph.questions import MOST_QUESTIONS, questions


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("does it hurt? and can i drive after", ["does it hurt?", "and can i drive after"]),
        ("how long does it last and is it addictive", ["how long does it last", "and is it addictive"]),
        ("what does it cost, do you take insurance", ["what does it cost", "do you take insurance"]),
        ("cuánto cuesta todo? ¿puedo manejar después?", ["cuánto cuesta todo?", "puedo manejar después?"]),
    ],
)
def test_two_questions_are_told_apart(text: str, asked: list[str]) -> None:
    assert questions(text) == asked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "does it hurt",
        "my sister had it last year. does it hurt?",
        "can i have it if i have high bp and take lisinopril",
        "side effects and risks",
        "why? how? when?",
    ],
)
def test_one_question_is_left_whole(text: str) -> None:
    assert questions(text) == []


def test_of_a_long_list_the_first_questions_are_read() -> None:
    assert len(questions("is it safe for me? " * 500)) == MOST_QUESTIONS
