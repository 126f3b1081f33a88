"""Hours of a day as staff type and read them: "9:00 AM to 12:00 PM, 1:00 PM to 5:00 PM"."""

import re
from collections.abc import Iterable
from datetime import time

from clinic.booking.words import clock
from clinic.errors import InvalidInput

MOMENT = r"(\d{1,2})(?:[:.](\d{2}))?\s*([ap])?\.?\s*(?:m\.?)?"
SPAN = re.compile(rf"\s*{MOMENT}\s*(?:-|–|to|until)\s*{MOMENT}\s*", re.IGNORECASE)


def read_hours(words: str) -> list[tuple[time, time]]:
    """Spans of a day, also like "9-12, 13:00-17:00" or "9 am to 5 pm"; empty words are no spans.

    Raises InvalidInput("call_hours").
    """
    spans = []
    for part in re.split(r"[,;]|\band\b", words):
        if not part.strip():
            continue
        found = SPAN.fullmatch(part)
        if found is None:
            raise InvalidInput("call_hours")
        spans.append((_moment(*found.group(1, 2, 3)), _moment(*found.group(4, 5, 6))))
    return spans


def hours_in_words(spans: Iterable[tuple[time, time]]) -> str:
    """9:00 AM to 12:00 PM, 1:00 PM to 5:00 PM; read_hours reads it back."""
    return ", ".join(f"{clock(opens)} to {clock(closes)}" for opens, closes in spans)


def _moment(hour: str, minute: str | None, half: str | None) -> time:
    number = int(hour)
    if half:
        if not 1 <= number <= 12:
            raise InvalidInput("call_hours")
        number = number % 12 + (12 if half.lower() == "p" else 0)
    try:
        return time(number, int(minute or 0))
    except ValueError as problem:
        raise InvalidInput("call_hours") from problem
