"""Marking the words that an escalation rests on; who is typing; times to follow up."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.errors import InvalidInput
from tests.unit.chats import NOW
from web.console.conversation import moment_of
from web.console.sign_in import safe_next
from web.console.thread import marked
from web.typing_signal import LASTS_SECONDS, TypingSignals

DENVER = ZoneInfo("America/Denver")


@pytest.mark.parametrize(
    ("spans", "parts"),
    [
        ([], [("i want to die", False)]),
        ([(2, 6)], [("i ", False), ("want", True), (" to die", False)]),
        ([(0, 13)], [("i want to die", True)]),
        ([(2, 9), (7, 13)], [("i ", False), ("want to die", True)]),
        ([(2, 6), (6, 13)], [("i ", False), ("want to die", True)]),
        ([(7, 13), (2, 6)], [("i ", False), ("want", True), (" ", False), ("to die", True)]),
        ([(0, 0), (5, 5)], [("i want to die", False)]),
        ([(7, 999)], [("i want ", False), ("to die", True)]),
        ([(50, 60)], [("i want to die", False)]),
    ],
)
def test_spans_are_cut_out_joined_and_kept_inside_of_the_text(spans: list, parts: list) -> None:
    assert marked("i want to die", spans) == parts


def test_typing_lasts_some_seconds_and_wakes_the_chat() -> None:
    now, woken = 100.0, []
    signals = TypingSignals(woken.append, clock=lambda: now)
    signals.note("chat", "visitor")
    assert woken == ["chat"]
    assert signals.last("chat", "visitor") == 100.0
    assert signals.last("chat", "staff") is None
    now += LASTS_SECONDS
    assert signals.last("chat", "visitor") is None


def test_what_was_sent_is_no_longer_being_typed() -> None:
    woken: list[str] = []
    signals = TypingSignals(woken.append)
    signals.note("chat", "staff")
    signals.stop("chat", "staff")
    signals.stop("chat", "staff")
    assert signals.last("chat", "staff") is None
    assert woken == ["chat", "chat"]


def test_a_typed_time_is_the_clinic_s() -> None:
    assert moment_of("2026-11-24T09:00", "", zone=DENVER, now=NOW) == datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
    assert moment_of("", "4", zone=DENVER, now=NOW) == NOW + timedelta(hours=4)


@pytest.mark.parametrize(("typed", "hours"), [("", ""), ("tomorrow", ""), ("", "9999"), ("", "-1")])
def test_a_time_that_cannot_be_read_is_refused(typed: str, hours: str) -> None:
    with pytest.raises(InvalidInput, match="time_unclear"):
        moment_of(typed, hours, zone=DENVER, now=NOW)


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ("/console/conversations/ab_C-1", "/console/conversations/ab_C-1"),
        ("/console", "/console"),
        ("//evil.example", "/console"),
        ("https://evil.example/console", "/console"),
        ("/console/../api", "/console"),
        ("/console\r\nSet-Cookie: a=b", "/console"),
        ("/console/\\evil.example", "/console"),
        ("", "/console"),
    ],
)
def test_after_signing_in_only_a_page_of_the_console_follows(wanted: str, where: str) -> None:
    assert safe_next(wanted) == where
