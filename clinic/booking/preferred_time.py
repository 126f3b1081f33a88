"""Free words for a time ("tomorrow morning", "thurs or fri after 3", "not monday", "el lunes por la tarde") as windows.

clinic/booking/day_words.py reads the days, time_words.py the hours; here they are put together and cut to the hours in
which somebody calls. Windows are aware datetimes in the clinic's zone, whole minutes, end after start.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.booking.day_words import Days, days_in, excluded
from clinic.booking.time_words import EXACT_WINDOW, Hours, hours_in, part_of_day, plain
from clinic.errors import InvalidInput
from clinic.settings import ClinicInfo

SHORTEST_CALL = timedelta(minutes=15)  # an overlap with the call hours shorter than this is no time for a call
ROUGHLY = timedelta(minutes=60)  # "in two hours" is meant roughly

OpenHours = Callable[[date], Hours | None]
"""From when to when somebody calls on a local day; None where nobody does."""

SEVERAL = re.compile(r" (?:or|o|u|or else|otherwise) |; ?| or, ")
ANY_TIME = re.compile(
    r"\b(?:any ?time|whenever|any (?:week ?)?day|any other (?:time|day)|next (?:working|business"
    r"|available)(?: day)?|as soon as (?:possible|you can)|asap"
    r"|soonest|earliest|first available|right (?:now|away)|^now$|call me now|immediately|flexible"
    r"|don'?t care|doesn'?t matter|no preference"
    r"|cualquier (?:hora|d[ií]a|momento)|cuando (?:sea|quieran?|pueda[ns]?)|lo antes posible|cuanto antes"
    r"|ahora(?: mismo)?)\b"
)
SOON = re.compile(
    r"\b(?:in|within|en|dentro de) (?:about |like )?(?P<count>\d{1,3}|an?|una?|half an|media"
    r"|a couple(?: of)?|a few) (?P<unit>hours?|hrs?|minutes?|mins?|horas?|minutos?)\b"
)
ZONES = {"eastern": "America/New_York", "central": "America/Chicago", "pacific": "America/Los_Angeles",
         "mountain": "America/Denver", "e": "America/New_York", "c": "America/Chicago",
         "p": "America/Los_Angeles", "m": "America/Denver"}  # fmt: skip
ZONE = re.compile(
    r"(?<=[\dm. ])\b(?P<zone>eastern|central|pacific|mountain)\b(?: time)?"
    r"|(?<=[\dm.] )(?P<short>[ecpm])[sd]?t\b|(?<=[\dm])(?P<stuck>[ecp])[sd]t\b"
)


@dataclass(frozen=True)
class Window:
    """From when to when a call suits; both in the clinic's zone. `is_exact`: one moment was named, not a span."""

    starts_at: datetime
    ends_at: datetime
    is_exact: bool = False


@dataclass(frozen=True)
class _Wish:
    days: Days | None
    hours: Hours | None
    is_exact: bool


def read_windows(words: str, *, now: datetime, clinic: ClinicInfo, hours: OpenHours | None = None) -> list[Window]:
    """Every window within the hours of calling that the words allow, the preferred ones first. Never empty.

    Raises InvalidInput with reason time_unclear, time_past, time_closed or time_too_far.
    """
    reader = _Reader(now.astimezone(clinic.zone), clinic, hours or _weekly(clinic))
    return reader.windows(plain(words))


def parse_window(words: str, *, now: datetime, clinic: ClinicInfo, hours: OpenHours | None = None) -> Window:
    """The first of `read_windows`."""
    return read_windows(words, now=now, clinic=clinic, hours=hours)[0]


def find_windows(words: str, *, now: datetime, clinic: ClinicInfo, hours: OpenHours | None = None) -> list[Window]:
    """As read_windows, for a sentence that may hold no time at all: then empty."""
    try:
        return read_windows(words, now=now, clinic=clinic, hours=hours)
    except InvalidInput:
        return []


class _Reader:
    def __init__(self, local_now: datetime, clinic: ClinicInfo, open_hours: OpenHours) -> None:
        self._now, self._clinic, self._open_hours = local_now, clinic, open_hours
        self._horizon = clinic.booking.horizon_days

    def windows(self, text: str) -> list[Window]:
        if (found := SOON.search(text)) and not re.search(r"\d{3}", text):
            return self._soon(found)
        zone = self._zone(text)
        text = ZONE.sub(" ", text) if zone != self._clinic.zone else text
        today = self._now.date()
        text, is_excluded = excluded(text, today)
        wishes = self._wishes(text)
        if not wishes:
            if not (ANY_TIME.search(text) or is_excluded(today) or any(map(is_excluded, self._whole()))):
                raise InvalidInput("time_unclear")
            wishes = [_Wish(None, None, False)]
        made: list[Window] = []
        why: list[str] = []
        for wish in wishes:
            days = wish.days or Days(self._whole())
            for day in [one for one in days.days if not is_excluded(one)]:
                window, reason = self._on_or_later(day, wish, zone, rolls_on=day in days.rolls_on)
                if window and window not in made:
                    made.append(window)
                if reason:
                    why.append(reason)
        if not made:
            raise InvalidInput(
                next((one for one in ("time_closed", "time_past", "time_too_far") if one in why), "time_closed")
            )
        return made

    def _wishes(self, text: str) -> list[_Wish]:
        """One for each "or"; what one of them leaves open, the next one (hours) or the one before (day) says."""
        read: list[_Wish] = []
        before: date | None = None
        for clause in SEVERAL.split(text):
            rest, part = part_of_day(clause)
            days = days_in(rest if part else clause, self._now, self._horizon, before)
            named, is_exact = hours_in(rest, has_day=days is not None)
            if part and named and not is_exact and _within(named, part):
                named = _within(named, part)
            hours = named or part
            if days is None and hours is None:
                continue
            before = days.days[-1] if days and days.days else before
            read.append(_Wish(days, hours, is_exact))
        for place in range(len(read) - 2, -1, -1):
            if read[place].hours is None and read[place + 1].days is not None:
                read[place] = _Wish(read[place].days, read[place + 1].hours, read[place + 1].is_exact)
        for place in range(1, len(read)):
            if read[place].days is None:
                read[place] = _Wish(read[place - 1].days, read[place].hours, read[place].is_exact)
        return read

    def _on_or_later(
        self, day: date, wish: _Wish, zone: ZoneInfo, *, rolls_on: bool
    ) -> tuple[Window | None, str | None]:
        if day > self._now.date() + timedelta(days=self._horizon):
            return None, "time_too_far"
        if day < self._now.date():
            return None, "time_past"
        if window := self._on(day, wish, zone):
            return window, None
        if rolls_on and day == self._now.date() and (window := self._on(day + timedelta(days=7), wish, zone)):
            return window, None
        return None, "time_past" if self._is_over(day, wish.hours) else "time_closed"

    def _on(self, day: date, wish: _Wish, zone: ZoneInfo) -> Window | None:
        """The wanted hours within that day's hours and after now; None where nothing useful is left."""
        hours = self._open_hours(day)
        if hours is None:
            return None
        starts_at, ends_at = (datetime.combine(day, moment, self._clinic.zone) for moment in hours)
        if wish.hours:
            wanted = [datetime.combine(day, moment, zone).astimezone(self._clinic.zone) for moment in wish.hours]
            starts_at, ends_at = max(starts_at, wanted[0]), min(ends_at, wanted[1])
        if day == self._now.date():
            if wish.is_exact and starts_at <= self._now:
                return None
            starts_at = max(starts_at, self._now.replace(second=0, microsecond=0) + timedelta(minutes=1))
        if ends_at - starts_at < SHORTEST_CALL:
            return None
        return Window(starts_at, ends_at, wish.is_exact)

    def _is_over(self, day: date, wanted: Hours | None) -> bool:
        hours = self._open_hours(day)
        last = min(wanted[1], hours[1]) if wanted and hours else (wanted or hours or (None, time(23, 59)))[1]
        ends_at = datetime.combine(day, last, self._clinic.zone)
        return day == self._now.date() and ends_at - SHORTEST_CALL <= self._now

    def _soon(self, found: re.Match[str]) -> list[Window]:
        """ "in two hours": from then on for an hour, where somebody calls then."""
        words = found["count"]
        count = (
            int(words)
            if words.isdigit()
            else {"half an": 0.5, "media": 0.5, "a few": 3}.get(words, 2 if "couple" in words else 1)
        )
        delta = timedelta(minutes=count) if found["unit"].startswith("min") else timedelta(hours=count)
        # In UTC: two hours are two hours, also over a change of the clock.
        moment = (self._now.astimezone(UTC) + delta).astimezone(self._clinic.zone).replace(second=0, microsecond=0)
        hours = self._open_hours(moment.date())
        if hours is None:
            raise InvalidInput("time_closed")
        opens, closes = (datetime.combine(moment.date(), one, self._clinic.zone) for one in hours)
        soonest = self._now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        starts_at, ends_at = max(opens, moment, soonest), min(closes, moment + ROUGHLY)
        if ends_at - starts_at < SHORTEST_CALL:
            raise InvalidInput("time_closed")
        return [Window(starts_at, ends_at)]

    def _whole(self) -> list[date]:
        return [self._now.date() + timedelta(days=ahead) for ahead in range(self._horizon + 1)]

    def _zone(self, text: str) -> ZoneInfo:
        """The zone that the words name beside an hour, else the clinic's."""
        found = ZONE.search(text)
        if not found:
            return self._clinic.zone
        return ZoneInfo(ZONES[found["zone"] or found["short"] or found["stuck"]])


def _within(named: Hours, part: Hours) -> Hours | None:
    """Hours cut to a part of the day ("thursday afternoon after 3"); None where they do not meet."""
    start, end = max(named[0], part[0]), min(named[1], part[1])
    return (start, end) if start < end else None


def _weekly(clinic: ClinicInfo) -> OpenHours:
    return lambda day: clinic.call_hours.get(day.strftime("%A").lower())  # type: ignore[arg-type]


__all__ = ["EXACT_WINDOW", "SHORTEST_CALL", "OpenHours", "Window", "find_windows", "parse_window", "read_windows"]
