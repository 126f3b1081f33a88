"""`lotus doctor`, on content that is due."""

import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from cli import doctor
from clinic.handoff.protocol import protocol
from clinic.library import read_library
from clinic.settings import Settings

TODAY = date.today()  # noqa: DTZ011 a review date has no zone


def said(monkeypatch: pytest.MonkeyPatch, folder: Path, **next_review: date) -> str:
    """What the doctor says where these answers have these days and all else is due tomorrow."""
    book, tomorrow = read_library(), TODAY + timedelta(days=1)
    answers = {
        topic: replace(found, next_review=next_review.get(topic, tomorrow)) for topic, found in book.answers.items()
    }
    protocols = protocol() | {"next_review": next_review.get("protocol", tomorrow)}
    monkeypatch.setattr(doctor, "library", lambda: replace(book, answers=answers))
    monkeypatch.setattr(doctor, "protocol", lambda: protocols)
    console = Console(file=io.StringIO(), width=500)
    doctor.examine(Settings(data_dir=folder), console)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_past_review_is_a_warning_with_the_answers_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    yesterday = TODAY - timedelta(days=1)
    assert "warning  reviews that are due: bladder, onset\n" in said(
        monkeypatch, tmp_path, bladder=yesterday, onset=yesterday
    )


def test_a_review_due_today_is_not_late(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "reviews that are due" not in said(monkeypatch, tmp_path, bladder=TODAY)


def test_the_crisis_protocol_has_a_review_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "data/protocol.yml is due" in said(monkeypatch, tmp_path, protocol=TODAY - timedelta(days=1))
    assert "data/protocol.yml is due" not in said(monkeypatch, tmp_path)
