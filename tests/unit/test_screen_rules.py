"""Every rule and exemption is held to its own examples."""

import pytest

from screen import About, Risk, Severity, assess, warm_up
from screen.rules import read_exemptions, read_rules, rule_book

RULES = read_rules()
EXEMPTIONS = read_exemptions()


def found(text: str) -> set[str]:
    return {evidence.rule for evidence in assess(text).evidence}


@pytest.mark.parametrize(("rule", "text"), [(r.id, text) for r in RULES.values() for text in r.flags])
def test_rule_flags_its_examples(rule: str, text: str) -> None:
    assessment = assess(text)
    assert assessment.is_risk, text
    # Another rule may see the same words; the kind must be among what was found.
    assert RULES[rule].risk in {RULES[seen].risk for seen in found(text)}


@pytest.mark.parametrize(("rule", "text"), [(r.id, text) for r in RULES.values() for text in r.passes])
def test_rule_passes_its_counterexamples(rule: str, text: str) -> None:
    assert rule not in found(text), assess(text)


@pytest.mark.parametrize(("exemption", "text"), [(e.id, text) for e in EXEMPTIONS.values() for text in e.passes])
def test_exemption_leaves_real_risk_flagged(exemption: str, text: str) -> None:
    # For an exemption "flags" are the harmless sentences it recognises, "passes" the risky ones it must not hide.
    assert assess(text).is_risk, exemption


@pytest.mark.parametrize(("exemption", "text"), [(e.id, text) for e in EXEMPTIONS.values() for text in e.flags])
def test_exemption_keeps_its_examples_unflagged(exemption: str, text: str) -> None:
    assert not assess(text).is_risk, (exemption, assess(text))


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_rule_has_reason_and_examples(rule: object) -> None:
    entry = RULES[rule.id]  # type: ignore[attr-defined]
    assert entry.reason
    assert entry.flags
    assert entry.passes


def test_no_family_or_word_is_missing() -> None:
    assert rule_book().rules.keys() == RULES.keys()


def test_warm_up_loads_the_rules_once() -> None:
    warm_up()
    assert rule_book() is rule_book()


def test_evidence_points_at_the_words_as_typed() -> None:
    text = "Hello. I w4nt  to   d!e tonight"
    evidence = assess(text).evidence[0]
    assert text[evidence.start : evidence.end].startswith("w4nt")


@pytest.mark.parametrize(
    ("text", "risk", "severity", "about"),
    [
        ("I wish I wouldn't wake up", Risk.suicide, Severity.concern, About.self),
        ("I want to die", Risk.suicide, Severity.acute, About.self),
        ("I am going to kill myself tonight", Risk.suicide, Severity.imminent, About.self),
        ("my son says he wants to end it", Risk.suicide, Severity.acute, About.other),
        ("my husband hits me", Risk.danger_from_others, Severity.acute, About.self),
        ("I took all my pills", Risk.overdose, Severity.imminent, About.self),
        ("my wife won't wake up after her lozenge", Risk.medical_emergency, Severity.imminent, About.other),
        ("my friend said I want to die", Risk.suicide, Severity.acute, About.other),
    ],
)
def test_kind_severity_and_person(text: str, risk: Risk, severity: Severity, about: About) -> None:
    assessment = assess(text)
    assert (assessment.risk, assessment.severity, assessment.about) == (risk, severity, about)


def test_spanish_is_recognised() -> None:
    assert assess("ya no quiero vivir").language == "es"
    assert assess("i want to die").language == "en"


def test_a_sentence_sent_in_two_pieces_counts() -> None:
    alone, assessment = assess("die"), assess("die", previous=["hello", "i want to"])
    assert {found.rule for found in alone.evidence} <= {"classifier"}
    assert assessment.risk is Risk.suicide
    assert assessment.evidence[0].rule != "classifier"
    assert assessment.evidence[0].start == 0


@pytest.mark.parametrize("later", ["thanks", "no i havent", "what are your hours"])
def test_a_flag_that_could_reach_into_the_next_message_is_not_raised_by_it(later: str) -> None:
    assert not assess(later, previous=["everyone would be better off without me"]).is_risk


def test_an_earlier_risk_does_not_flag_a_later_harmless_message() -> None:
    assert not assess("thursday at 3", previous=["i want to die"]).is_risk


def test_only_the_first_ten_thousand_characters_are_read() -> None:
    assert assess("ok " * 3_000 + "i want to die").is_risk
    assert not assess("ok " * 3_400 + "i want to die").is_risk


@pytest.mark.parametrize(
    "text",
    ["i want to die " * 720, "a " * 5_000, "k i l l " * 1_250, "1|" * 5_000, "x'" * 5_000, "a" * 10_000],
    ids=["wish", "letters", "spaced", "symbols", "quotes", "run"],
)
def test_long_texts_are_read_in_linear_time(text: str) -> None:
    import time

    warm_up()
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        assess(text)
        best = min(best, time.process_time() - started)
    assert best < 0.3  # asked for: 0.15 s on a free core; twice that for a shared one
