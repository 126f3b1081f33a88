"""`lotus screen explain` and the trace behind it: the reasons are those of the assessment itself."""

import json

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from screen import assess, explain
from screen.explanation import Outcome
from screen.model import Risk
from screen.rules import read_exemptions, read_rules

IDIOM = "kill me now lol"


def run(*arguments: str, typed: str | bytes | None = None, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["screen", "explain", *arguments], input=typed)
    assert done.exit_code == code, done.output
    return done.output


def explained(*arguments: str, typed: str | bytes | None = None) -> dict:
    return json.loads(run(*arguments, "--json", typed=typed).splitlines()[-1])


def outcomes(text: str, *previous: str) -> dict[str, tuple[str, str | None]]:
    seen = explain(text, previous)
    hits = (seen.behind_earlier or seen.reading).hits
    return {hit.finding.rule: (hit.outcome, hit.by) for hit in hits}


@pytest.mark.parametrize(
    "text", sorted({one for rule in read_rules().values() for one in (*rule.flags[:1], *rule.passes[:1])})
)
def test_every_evidence_is_a_hit_that_counted_or_the_net_s(text: str) -> None:
    seen = explain(text)
    counted = {
        (hit.finding.rule, hit.finding.start, hit.finding.end)
        for hit in seen.reading.hits
        if hit.outcome is Outcome.counted
    }
    evidence = {(one.rule, one.start, one.end) for one in seen.assessment.evidence}
    assert evidence <= counted or seen.decided_by == "trained net"
    assert (seen.decided_by is None) == (seen.assessment.risk is Risk.none)


@pytest.mark.parametrize("exemption", [one.id for one in read_exemptions().values() if one.id.startswith("idiom.")])
def test_an_idiom_is_named_where_it_was_read(exemption: str) -> None:
    texts = read_exemptions()[exemption].flags
    named = [{hit.exemption for hit in explain(text).reading.exemptions} for text in texts]
    assert any(exemption in one for one in named)


def test_what_an_exemption_silenced_names_it() -> None:
    outcome = outcomes("my boss is going to kill me if i miss work for this")
    assert outcome["danger_from_others.threat"] == (Outcome.exempt, "idiom.killing_me")


def test_a_crisis_that_is_over_names_what_silenced_it() -> None:
    outcome = outcomes("my wish to die is no longer there, you saved my life")
    assert set(outcome.values()) == {(Outcome.exempt, "history.recovered")}


def test_a_denial_is_named_by_its_word() -> None:
    assert outcomes("i don't want to die")["suicide.wants_to_die"] == (Outcome.denied, "not")


def test_what_lies_in_an_earlier_message_does_not_count_again() -> None:
    seen = explain("thursday at 3", ["i want to die"])
    assert seen.behind_earlier
    assert {hit.outcome for hit in seen.behind_earlier.hits} == {Outcome.earlier}
    assert not seen.assessment.is_risk


def test_the_net_is_not_asked_where_a_certain_rule_counted() -> None:
    assert explain("i am going to kill myself").opinions is None
    assert explain("i want to die").opinions
    assert explain("how much is a session").opinions


def test_a_rule_that_is_not_certain_is_doubted_where_the_net_sees_no_risk() -> None:
    text = "can i cut myself some slack"
    seen = explain(text)
    assert {hit.outcome for hit in seen.reading.hits} == {Outcome.doubted}
    assert not seen.assessment.is_risk


def test_a_settled_sentence_is_not_shown_to_the_net_when_repeated() -> None:
    seen = explain(f"{IDIOM}. {IDIOM}")
    assert seen.opinions == []
    assert not seen.assessment.is_risk


def test_the_command_says_the_same_as_the_screen() -> None:
    for text in ("i want to die", "this traffic is killing me", "mi esposo dice que se quiere matar", "hello"):
        found, said = assess(text), explained(text)
        about = {"risk": found.risk, "severity": found.severity, "about": found.about, "language": found.language}
        assert said["assessment"] == about
        assert [one["rule"] for one in said["evidence"]] == [one.rule for one in found.evidence]


def test_the_command_marks_the_words_without_colours() -> None:
    shown = run("Hello. I w4nt to d!e tonight")
    assert "Hello. I ⟦w4nt to d!e" in shown
    assert "suicide.wants_to_die" in " ".join(shown.split())


def test_the_net_s_chance_stands_there_even_where_it_was_not_asked() -> None:
    net = explained("i am going to kill myself")["net"]
    assert net["asked"] is False
    [window] = net["windows"]
    assert window["flags"] == (window["chance"] >= net["threshold"])


def test_a_message_is_read_from_standard_input() -> None:
    assert explained("-", typed="i want\nto die\n")["text"] == "i want\nto die"


def test_earlier_messages_are_given_one_by_one_or_as_lines() -> None:
    by_option = explained("die", "--previous", "hello", "--previous", "i want to")
    by_lines = explained("-", "--lines", typed="hello\ni want to\ndie\n")
    assert by_option == by_lines
    assert by_option["decided_by"] == "rules, with the earlier messages"
    assert by_option["with_earlier_messages"]["rules"][0]["outcome"] == "counted"


def test_nothing_to_explain_is_said_so() -> None:
    assert "no message" in run("-", typed=" \n", code=2)
    assert "standard input" in run("hello", "--lines", code=2)


def test_what_a_visitor_typed_steers_no_terminal() -> None:
    shown = run("-", typed="i want to \x1b[2J die \x07")
    assert "\x1b[2J" not in shown
    assert "\x07" not in shown


def test_bytes_that_are_no_text_are_read_all_the_same() -> None:
    assert explained("-", typed=b"i want to die \xff\xfe")["assessment"]["risk"] == "suicide"


def test_a_long_message_says_how_much_was_not_read() -> None:
    assert explained("-", typed="ok " * 3_400)["unread_characters"] == 200


def test_help_says_where_a_visitor_s_words_belong() -> None:
    assert "history" in run("--help")
