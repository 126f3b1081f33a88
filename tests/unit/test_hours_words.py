"""Hours of a day as staff type them."""

from datetime import time

import pytest

from clinic.booking.hours_words import hours_in_words, read_hours
from clinic.errors import InvalidInput


@pytest.mark.parametrize(
    ("words", "spans"),
    [
        ("", []),
        ("9-17", [(time(9), time(17))]),
        ("9:00 AM to 12:00 PM, 1 pm-5:30 pm", [(time(9), time(12)), (time(13), time(17, 30))]),
        ("9 a.m. – 12 p.m. and 13:15 until 17", [(time(9), time(12)), (time(13, 15), time(17))]),
        ("12 am to 12 pm; 12:30pm-11:59pm", [(time(0), time(12)), (time(12, 30), time(23, 59))]),
    ],
)
def test_spans_are_read_and_what_is_written_is_read_back(words: str, spans: list[tuple[time, time]]) -> None:
    assert read_hours(words) == spans
    assert read_hours(hours_in_words(spans)) == spans


@pytest.mark.parametrize("words", ["always", "9", "9-", "25-26", "13 pm-5 pm", "9:75-10", "nine to five", "9-12 13-17"])
def test_what_is_no_span_is_refused(words: str) -> None:
    with pytest.raises(InvalidInput):
        read_hours(words)
