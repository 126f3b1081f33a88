"""What must hold for every text, through the rules and the trained net together.

The flagged sentences are the rules' own examples, the idioms those of the `idiom` exemptions (data/screen). Where a
property does not hold for all of them, a test measures the share it holds for and says which fail.
"""

from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screen import Risk, assess
from screen.normalise import MOST_READ
from screen.rules import read_exemptions, read_rules

RULE_EXAMPLES = sorted({text for rule in read_rules().values() for text in rule.flags})
EXEMPTIONS = read_exemptions().values()
IDIOMS = sorted({text for one in EXEMPTIONS if one.id.startswith("idiom.") for text in one.flags})
PAST_CRISES = sorted({text for one in EXEMPTIONS if one.id.startswith("history.re") for text in one.flags})
FLAGGED, IDIOM = st.sampled_from(RULE_EXAMPLES), st.sampled_from(IDIOMS)
HARMLESS = st.sampled_from(
    [
        "My name is Ana.",
        "How much is a session?",
        "I live in Provo.",
        "Thanks for your help.",
        "Hola, buenas tardes.",
        "¿Cuánto cuesta una sesión?",
        "The weather is nice today.",
        "Tuesday works for me.",
        "Do you have parking?",
        "My husband will drive me home.",
        "I have a question about insurance.",
    ]
)
SPACES = st.sampled_from(["  ", "   ", "\t", "\u00a0", "\u2003", " \u200b"])
CASES = st.sampled_from([str.upper, str.lower, str.title, str.capitalize, str.swapcase])
ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates and unassigned characters as well
# st.text() alone hardly ever comes near 10,000 characters; a repeated piece does.
LONG_TEXT = st.builds(
    lambda pieces, times: (" ".join(pieces) * times)[: MOST_READ + 10],
    st.lists(st.one_of(ANY_TEXT, FLAGGED, IDIOM, HARMLESS), min_size=1, max_size=8),
    st.integers(1, 400),
)
PLANES = [0x0, 0x300, 0x3040, 0xD7F0, 0xE000, 0x1F300, 0x2F800, 0x30000, 0x4FFF0, 0xE0000, 0xF0000, 0x10FF00]

# What held on 2026-11-23; the bounds leave room for a net trained anew, and for nothing else.
TYPOS_KEPT = 0.98  # 3,274 of 3,294 (0.994), 3,193 by the rules alone. Lost: "beathing" (read as beating), "respirr"
IDIOMS_FLAGGED = 0.14  # 9 of 75 (0.12), all of one idiom: "deprssion" is read as the Spanish depresion
FLAGS_BEHIND_IDIOMS = 1.0
FLAGS_BESIDE_THE_PAST = 1.0

often = settings(max_examples=300, deadline=None, derandomize=True)
seldom = settings(max_examples=60, deadline=None, derandomize=True)  # long texts take up to 0.2 s each


def ended(text: str) -> str:
    return text if text[-1] in ".!?" else f"{text}."


def is_sound(text: str, previous: list[str]) -> None:
    """An assessment, whatever it says, is complete and points into the text."""
    assessment = assess(text, previous)
    assert (assessment.severity is None) == (assessment.about is None) == (assessment.risk is Risk.none)
    assert bool(assessment.evidence) == assessment.is_risk
    for evidence in assessment.evidence:
        assert 0 <= evidence.start < evidence.end <= len(text)


@often
@given(ANY_TEXT, st.lists(st.one_of(ANY_TEXT, FLAGGED), max_size=4))
def test_it_never_raises(text: str, previous: list[str]) -> None:
    is_sound(text, previous)


@seldom
@given(LONG_TEXT)
def test_it_never_raises_on_long_texts(text: str) -> None:
    is_sound(text, [])


@pytest.mark.parametrize("start", PLANES, ids=hex)
def test_it_never_raises_on_any_plane_of_unicode(start: int) -> None:
    stretch = "".join(map(chr, range(start, start + 240)))
    is_sound(stretch, [])
    is_sound(f"i want to {stretch} die", [stretch])


@often
@given(
    st.text(alphabet="kill myself'.-*@$1|!? \n\u200b\ud800й́💀", max_size=400),
    st.lists(st.text(max_size=60), max_size=4),
)
def test_it_never_raises_on_disguised_words(text: str, previous: list[str]) -> None:
    is_sound(text, previous)


@often
@given(FLAGGED, CASES, st.randoms(use_true_random=False))
def test_case_keeps_the_flag(text: str, case: Callable[[str], str], random: Random) -> None:
    assert assess(case(text)).is_risk
    assert assess("".join(random.choice((c.upper(), c.lower())) for c in text)).is_risk


@often
@given(FLAGGED, SPACES)
def test_spacing_keeps_the_flag(text: str, space: str) -> None:
    assert assess(f"{space}{text.replace(' ', space)}{space}").is_risk


@often
@given(FLAGGED.filter(lambda text: "'" in text), st.sampled_from("’‘ʼ´`"))
def test_curly_quotes_keep_the_flag(text: str, quote: str) -> None:
    assert assess(text.replace("'", quote)).is_risk


@often
@given(FLAGGED, HARMLESS, HARMLESS)
def test_harmless_sentences_around_it_keep_the_flag(text: str, before: str, after: str) -> None:
    assert assess(f"{before} {text}").is_risk
    assert assess(f"{ended(text)} {after}").is_risk
    assert assess(f"{before} {ended(text)} {after}").is_risk


@often
@given(FLAGGED, IDIOM)
def test_an_idiom_behind_it_keeps_the_flag(text: str, idiom: str) -> None:
    assert assess(f"{ended(text)} {idiom}").is_risk


@often
@given(IDIOM, HARMLESS, HARMLESS)
def test_an_idiom_stays_unflagged_among_harmless_sentences(text: str, before: str, after: str) -> None:
    assert not assess(f"{before} {text}").is_risk
    assert not assess(f"{ended(text)} {after}").is_risk
    assert not assess(f"{before} {ended(text)} {after}").is_risk


@often
@given(IDIOM, CASES, SPACES, st.sampled_from("'’‘ʼ´`"))
def test_an_idiom_stays_unflagged_however_it_is_typed(
    text: str, case: Callable[[str], str], space: str, quote: str
) -> None:
    assert not assess(case(text).replace(" ", space).replace("'", quote)).is_risk


@often
@given(IDIOM, st.integers(2, 6))
def test_an_idiom_said_again_stays_unflagged(text: str, times: int) -> None:
    assert not assess(" ".join([ended(text)] * times)).is_risk


def with_one_typo(text: str) -> Iterator[str]:
    """Each way to drop, double, mistype or swap one letter of a word of eight letters or more, its first one apart."""
    words = text.split(" ")
    for number, word in enumerate(words):
        if len(word) < 8 or not word.isalpha():
            continue
        typed = {
            option
            for at in range(1, len(word))
            for option in (
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + "x" + word[at + 1 :],
                word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
            )
        }
        for option in sorted(typed - {word}):
            yield " ".join([*words[:number], option, *words[number + 1 :]])


def share_flagged(texts: list[str]) -> float:
    return sum(assess(text).is_risk for text in texts) / len(texts)


def test_one_typo_in_a_long_word_keeps_nearly_every_flag() -> None:
    typed = [typo for text in RULE_EXAMPLES for typo in with_one_typo(text)]
    assert len(typed) > 2_000
    assert share_flagged(typed) >= TYPOS_KEPT


def test_one_typo_in_a_long_word_of_an_idiom_raises_few_false_alarms() -> None:
    typed = [typo for text in IDIOMS for typo in with_one_typo(text)]
    assert share_flagged(typed) <= IDIOMS_FLAGGED


def test_an_idiom_in_front_of_it_keeps_nearly_every_flag() -> None:
    behind = [f"{ended(idiom)} {text}" for idiom in IDIOMS for text in RULE_EXAMPLES]
    assert share_flagged(behind) >= FLAGS_BEHIND_IDIOMS


def test_a_past_crisis_beside_it_hides_no_more_than_it_does_today() -> None:
    beside = [f"{ended(past)} {text}" for past in PAST_CRISES for text in RULE_EXAMPLES]
    assert share_flagged(beside) >= FLAGS_BESIDE_THE_PAST
