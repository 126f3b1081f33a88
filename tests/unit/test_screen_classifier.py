"""The trained net of the crisis screen."""

import hashlib
import json
import time

import pytest

from screen import assess
from screen.classifier import MODEL, MOST_WINDOWS, classifier, windows
from screen.normalise import sentences
from screen.reading import as_read
from screen.rules import rule_book


def test_the_model_is_the_one_its_card_describes() -> None:
    card = json.loads((MODEL / "card.json").read_text())
    model = (MODEL / "model.onnx").read_bytes()
    assert hashlib.sha256(model).hexdigest() == card["model_sha256"]
    assert len(model) <= 25_000_000


def chance(text: str) -> float:
    opinion = classifier().opinion(sentences(text, rule_book().lexicon), text)
    return opinion.chance if opinion else 0.0


@pytest.mark.parametrize(
    ("worried", "calm"),
    [
        ("i want to die", "i want to try it"),
        ("my sister says she wants to end her life", "my sister says she wants to end her contract"),
        ("quiero morirme", "quiero una cita"),
        ("he hits me every night", "it hits me every night that i am tired"),
    ],
)
def test_a_risk_worries_it_more_than_its_harmless_twin(worried: str, calm: str) -> None:
    assert chance(worried) > chance(calm) + 0.3


def test_tricks_of_spelling_are_gone_before_it_reads() -> None:
    assert as_read("I w.a.n.t t.o d.i.e") == "i want to die ."


def test_no_words_are_no_opinion() -> None:
    assert classifier().opinion([], "") is None


def test_a_long_text_is_read_from_both_ends_in_bounded_time() -> None:
    text = "It rained today and we went home. " * 290
    read = sentences(text, rule_book().lexicon)
    chosen = list(windows(read))
    assert len(chosen) == MOST_WINDOWS
    assert chosen[0][0] == read[0]
    assert chosen[-1][-1] == read[-1]
    started = time.perf_counter()
    assess(text)
    assert time.perf_counter() - started < 1


def test_its_evidence_lies_within_the_text_as_typed() -> None:
    text = "hello. it would be easier for all of them if i just was not around any longer, thanks"
    for evidence in assess(text).evidence:
        assert 0 <= evidence.start < evidence.end <= len(text)
