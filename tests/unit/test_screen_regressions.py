"""Misses and false alarms of the crisis screen that were mended once; docs/crisis-screen.md says how rows get here."""

import csv
from collections import Counter
from datetime import date

import pytest

from screen import Risk, assess
from screen.rules import DATA

FILE = DATA / "regressions.tsv"
COLUMNS = ["text", "label", "risk", "reason", "date"]


def rows() -> list[dict[str, str]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["text"][:40])
def test_what_was_mended_stays_mended(row: dict[str, str]) -> None:
    assert assess(row["text"]).risk == row["risk"], row["reason"]


@pytest.mark.parametrize("number", range(len(rows())), ids=lambda number: f"line {number + 2}")
def test_a_row_is_complete(number: int) -> None:
    row = rows()[number]
    assert list(row) == COLUMNS
    assert all(row[column] and row[column].strip() == row[column] for column in COLUMNS)
    assert row["label"] == ("not_crisis" if Risk(row["risk"]) is Risk.none else "crisis")
    date.fromisoformat(row["date"])


def test_no_row_stands_there_twice() -> None:
    assert [text for text, times in Counter(row["text"].casefold() for row in rows()).items() if times > 1] == []


def test_the_net_is_not_trained_on_them() -> None:
    """It would know them by heart, and the file would no longer show that their kind is understood."""
    trained = [*(DATA / "training").glob("*.tsv"), DATA / "development.tsv"]
    assert trained
    lines = {line.split("\t")[0].casefold() for path in trained for line in path.read_text("utf-8").splitlines()}
    assert [row["text"] for row in rows() if row["text"].casefold() in lines] == []
