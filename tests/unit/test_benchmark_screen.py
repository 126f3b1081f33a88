"""The benchmark of the crisis screen against its peers: the arithmetic, and how a peer is asked."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

import benchmarks.screen.__main__ as command
from benchmarks.screen.figures import figures
from benchmarks.screen.peers import HERE, PEERS, Answer, Peer, PeerError, ask

FAKE = """
import sys
sys.path.insert(0, {adapters!r})
from protocol import serve
seen = []
serve(lambda text: ("die" in text, 0.25), before=lambda: seen.append(1))
assert len(seen) == {before}
"""


@pytest.fixture
def fake(tmp_path: Path):
    """Makes a peer out of the source of an adapter; it runs in the tests' own environment."""

    def make(source: str) -> Peer:
        adapter = tmp_path / "fake.py"
        adapter.write_text(source, encoding="utf-8")
        return Peer("fake", adapter=adapter, has_requirements=False)

    return make


def test_shares_are_of_the_rows_with_that_label_and_ms_is_the_median() -> None:
    labels = ["crisis", "crisis", "crisis", "crisis", "not_crisis", "not_crisis", "ambiguous"]
    flags = [True, True, True, False, True, False, False]
    ms = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 700.0]
    seen = figures([{"label": label} for label in labels], [Answer(f, None, m) for f, m in zip(flags, ms, strict=True)])
    assert seen["recall"] == 0.75
    assert seen["false_alarms"] == 0.5
    assert seen["ambiguous_flagged"] == 0
    assert seen["ms"] == 4.0


def test_a_share_of_no_rows_is_none() -> None:
    seen = figures([{"label": "crisis", "category": "coded"}], [Answer(False, None, 1.0)])
    assert seen["recall"] == 0
    assert seen["false_alarms"] is None
    assert seen["by_category"] == {"crisis/coded": 0}


def test_a_missing_answer_is_an_error_and_not_a_shift_of_the_rest() -> None:
    with pytest.raises(ValueError, match="shorter"):
        figures([{"label": "crisis"}, {"label": "crisis"}], [Answer(True, None, 1.0)])


def test_a_peer_answers_every_text_in_order(fake) -> None:
    texts = ["i want to die", 'quotes " and\nnew lines\r\n and \u2028', "¿dónde están? 🙂", "die"]
    answers = ask(fake(FAKE.format(adapters=str(HERE / "adapters"), before=len(texts))), texts)
    assert [answer.flag for answer in answers] == [True, False, False, True]
    assert {answer.score for answer in answers} == {0.25}
    assert all(answer.ms >= 0 for answer in answers)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import torch_that_is_not_here", "cannot run: ModuleNotFoundError.*torch_that_is_not_here"),
        ("print('hello')", "something else than answers"),
        ("", "0 answers to 1 messages"),
    ],
)
def test_a_peer_that_cannot_be_asked_says_why(fake, source: str, reason: str) -> None:
    with pytest.raises(PeerError, match=reason):
        ask(fake(source), ["hello"])


def test_a_peer_that_cannot_be_measured_is_a_row_with_the_reason(fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "PEERS", (fake("raise SystemExit('no weights')"),))
    files = {"a.tsv": [{"text": "hello", "label": "not_crisis"}]}
    console = Console(width=140, record=True, file=StringIO())
    results = command.measure(files, ["fake"], console)
    console.print(command.table_of(files, results))
    row = next(line for line in console.export_text().splitlines() if "fake" in line)
    assert "not measured, cannot run: no weights" in row


def test_every_peer_has_its_adapter_and_pins_what_it_needs() -> None:
    for peer in PEERS:
        assert (HERE / "adapters" / f"{peer.name}.py").is_file()
        if peer.has_requirements:
            lines = (HERE / f"{peer.name}.txt").read_text().splitlines()
            assert all("==" in line or "--hash" in line for line in lines), peer.name
