"""The benchmark of stock Rasa and ours: the same talk for both, and figures that are what they say."""

import json
from itertools import islice
from typing import Any

import pytest

from benchmarks.bench.load import Load, quantile
from benchmarks.bench.report import LEVELS, last_line, table
from benchmarks.bench.stock import examples, nlu_file
from benchmarks.bench.talk import SPOKEN, Step, Talk, shares
from benchmarks.growth.asking import questions

FIELDS = {
    *("throughput_ratio", "rasa_p95_ratio", "web_p50_ms", "web_p95_ms", "crisis_p99_ms", "rss_mb", "stock_rss_mb"),
    *("cold_start_s", "train_s", "accuracy_ours", "accuracy_stock"),
}


class Parrot:
    """A door whose replies name what was said; `taps` are the buttons' titles."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def enter(self) -> "Parrot":
        return self

    def say(self, words: str) -> list[dict[str, Any]]:
        self.heard.append(words)
        return [{"kind": "booking", "text": words, "buttons": [{"title": f"after {words}"}]}]

    def close(self) -> None: ...


def measured(rate: float, p95: float) -> dict[str, Any]:
    row = {"turns": 9, "per_second": rate, "p50_ms": 1.0, "p95_ms": p95, "p99_ms": 3.0, "silent": 0, "safe_text": 0}
    levels = {str(level): row for level in LEVELS}
    return levels | {"rss_mb": 1000, "first_reply_s": 9.0}


def test_the_same_seed_gives_the_same_talk() -> None:
    one, same, other = (Talk(seed).conversations(200) for seed in (3, 3, 4))
    found = (one == same, one == other)  # not the talk itself: a failure would print held-out rows
    assert found == (True, False)


def test_no_question_comes_twice_in_the_same_words() -> None:
    said = [step.words for one in Talk(1).conversations(6000) for step in one if step.kind == "education"]
    typed = [words for words in said if not words.startswith("/")]
    number, different = len(typed), len(set(typed))  # numbers, so that a failure prints no held-out row
    assert number == different > 2000


def test_every_kind_of_conversation_has_its_share() -> None:
    talk = Talk(1)
    begun = [talk.conversation() for _ in range(200)]
    assert sum(any(step.kind == "crisis" for step in one) for one in begun) == 200 * SPOKEN["shares"]["crisis"]
    assert sum(any(step.kind == "booking" for step in one) for one in begun) == 200 * SPOKEN["shares"]["booking"]
    assert sum(shares(begun).values()) == pytest.approx(1, abs=0.01)


def test_a_visitor_taps_the_first_button_of_the_last_reply() -> None:
    parrot = Parrot()
    load = Load(lambda: parrot, 1)
    load.play([[Step("booking", "Dana"), Step("booking", "{first}")]])
    assert parrot.heard == ["Dana", "after Dana"]


def test_all_turns_are_counted_with_several_visitors() -> None:
    load = Load(Parrot, 3)
    load.play([[Step("education", "one"), Step("small talk", "two")]] * 20)
    assert (len(load.samples.ms()), len(load.samples.ms("education")), load.samples.silent) == (40, 20, 0)
    assert load.samples.per_second > 0


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99)])
def test_a_quantile_is_the_value_that_the_share_does_not_exceed(share: float, value: int) -> None:
    assert quantile(list(range(101)), share) == pytest.approx(value, abs=0.2)


def test_the_last_line_has_what_is_asked_for_and_what_stock_learned_from() -> None:
    found = {
        "rest": {"ours": measured(100, 20), "stock": measured(20, 80)},
        "web": measured(30, 70)
        | {"crisis": {"p99_ms": 90}, "memory": {"web": 2, "rasa": 3}, "cold_start_s": 8}
        | {"first_crisis_s": 2},
        "training": {"ours_s": 90, "stock_s": 900, "ours_examples": 8, "stock_examples": 2}
        | {"stock_share": 0.25, "stock_epochs": 100},
        "accuracy": {side: {"n": 5, "first": 0.8, "three": 0.9} for side in ("ours", "stock")},
        "shares": {"education": 1.0},
        "load_before": 0.1,
    }
    line = last_line(found)
    assert set(line) >= FIELDS
    assert json.loads(json.dumps(line)) == line
    assert (line["throughput_ratio"], line["rasa_p95_ratio"], line["rss_mb"]) == (5.0, 0.25, 5)
    assert "2 (25%), 100 epochs" in table(found)


def test_a_share_of_the_examples_keeps_every_intent() -> None:
    every, some = examples(), examples(0.1)
    assert some.keys() == every.keys()
    assert all(10 <= len(texts) <= max(10, len(every[intent]) * 0.1 + 1) for intent, texts in some.items())
    assert nlu_file(some).count("- intent:") == len(some)


def test_the_growth_curves_never_run_out_of_questions() -> None:
    assert len(list(islice(questions(), 1000))) == 1000
