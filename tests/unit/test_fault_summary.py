"""The table of many kills says what was lost, and does not count a kill that did not happen."""

from datetime import date
from pathlib import Path

import pytest

from benchmarks.faults.__main__ import in_turn
from benchmarks.faults.loop import Outcome
from benchmarks.faults.summary import BEGIN, END, summary, write_into
from clinic.faults import POINTS
from clinic.settings import ROOT

GOOD = Outcome("web.crisis_read", died=True, resources=True, escalations=1, alerted_after=4.0)
BAD = Outcome("worker.round", died=True, reply_seconds=1.5, resources=False, escalations=2, alerted_after=None)
MISSED = Outcome("worker.round", problem="not within 120 s")


def rows(*outcomes: Outcome) -> dict[str, list[str]]:
    words = summary(outcomes, points=("web.crisis_read", "worker.round"), minutes=3, on=date(2026, 11, 28))
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in words.splitlines() if line[:1] == "|"]
    return {row[0]: row[1:] for row in cells}


def test_each_kind_of_loss_has_its_column() -> None:
    found = rows(GOOD, GOOD, BAD)
    assert found["web.crisis_read"] == ["2", "0", "0", "0", "0", "from the widget", "4 s, 4 s"]
    assert found["worker.round"] == ["1", "0", "1", "1", "1", "1.50 s", ""]
    assert found["**all**"][:5] == ["3", "0", "1", "1", "1"]


def test_a_point_that_was_not_reached_is_no_kill() -> None:
    assert rows(GOOD, MISSED)["worker.round"][0] == "0"
    words = summary([GOOD, MISSED], points=POINTS, minutes=3, on=date(2026, 11, 28))
    assert "1 kills in 3 minutes" in words
    assert "not reached: 1" in words


def test_it_goes_between_the_marks_and_nothing_else_changes(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_into(file, "new")
    assert file.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    file.write_text("no marks")
    with pytest.raises(ValueError, match="kills: begin"):
        write_into(file, "new")


def test_the_page_on_reliability_has_the_marks() -> None:
    page = (ROOT / "docs/reliability.md").read_text(encoding="utf-8")
    assert page.index(BEGIN) < page.index(END)


def test_every_point_has_its_turn_and_parts_take_turns() -> None:
    order = list(in_turn(POINTS, rounds=2))
    assert sorted(order) == sorted(POINTS * 2)
    assert [point.split(".")[0] for point in order[:4]] == ["web", "rasa", "actions", "worker"]
