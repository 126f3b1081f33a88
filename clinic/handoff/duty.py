"""When a person on the on-call list is on duty, and which hours of the next days nobody covers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from clinic.errors import InvalidInput
from clinic.handoff.models import ExceptionKind, OncallException, OncallPerson
from clinic.opening import is_holiday
from clinic.settings import ClinicInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_ENDS = 24 * 60  # minutes
Span = tuple[datetime, datetime]
RULE = re.compile(
    r"(?P<days>[a-z]{3}(?:\s*[-,]\s*[a-z]{3})*)\s+(?P<from>\d{1,2}:\d{2})\s*-\s*(?P<to>\d{1,2}:\d{2})", re.IGNORECASE
)


@dataclass(frozen=True)
class Gap:
    """Nobody is on duty from `starts_at` to `ends_at` (UTC)."""

    starts_at: datetime
    ends_at: datetime

    @property
    def hours(self) -> float:
        return (self.ends_at - self.starts_at).total_seconds() / 3600


def read_hours(words: str) -> list[list[int]]:
    """ "mon-fri 17:00-08:00; sat,sun 00:00-24:00" or "always", as weekly_hours. Raises InvalidInput.

    A span that ends before it starts goes on into the next day.
    """
    if words.strip().lower() == "always":
        return [[day, 0, DAY_ENDS] for day in range(7)]
    found: list[list[int]] = []
    for part in filter(None, (part.strip() for part in words.split(";"))):
        rule = RULE.fullmatch(part)
        if rule is None:
            raise InvalidInput("hours")
        start, end = _minutes(rule["from"]), _minutes(rule["to"])
        for day in _days(rule["days"]):
            if start < end:
                found.append([day, start, end])
            else:
                found += [[day, start, DAY_ENDS], [(day + 1) % 7, 0, end]]
    if not found:
        raise InvalidInput("hours")
    return sorted(span for span in found if span[1] < span[2])


def hours_in_words(weekly_hours: Sequence[list[int]]) -> str:
    """The short form again, days with the same hours together; "always" for the whole week."""
    if sorted(weekly_hours) == read_hours("always"):
        return "always"
    days: dict[tuple[int, int], list[str]] = {}
    for day, start, end in sorted(weekly_hours):
        days.setdefault((start, end), []).append(DAYS[day])
    return "; ".join(f"{','.join(names)} {_clock(start)}-{_clock(end)}" for (start, end), names in days.items())


def spans_of(
    person: OncallPerson, exceptions: Iterable[OncallException], *, clinic: ClinicInfo, day: date
) -> list[Span]:
    """When the person is on duty on one day of the clinic's calendar, in UTC; a day may have 23 or 25 hours."""
    today = [one for one in exceptions if one.first_day <= day <= one.last_day]
    spans = [(one.starts, one.ends) for one in today if one.kind == ExceptionKind.extra]
    is_off = any(one.kind == ExceptionKind.away for one in today)
    if not is_off and (person.works_holidays or not is_holiday(clinic, day)):
        spans += [(start, end) for weekday, start, end in person.weekly_hours if weekday == day.weekday()]
    midnight = datetime(day.year, day.month, day.day, tzinfo=clinic.zone)
    return [
        ((midnight + timedelta(minutes=start)).astimezone(UTC), (midnight + timedelta(minutes=end)).astimezone(UTC))
        for start, end in spans
    ]


def is_on_duty(
    person: OncallPerson, exceptions: Iterable[OncallException], *, clinic: ClinicInfo, now: datetime
) -> bool:
    day = now.astimezone(clinic.zone).date()
    return person.is_active and any(
        start <= now < end for start, end in spans_of(person, exceptions, clinic=clinic, day=day)
    )


def uncovered(
    people: Iterable[tuple[OncallPerson, Sequence[OncallException]]],
    *,
    clinic: ClinicInfo,
    now: datetime,
    days: int = 14,
) -> list[Gap]:
    """The hours from now on in which nobody of `people` is on duty."""
    today, until = now.astimezone(clinic.zone).date(), now + timedelta(days=days)
    spans = sorted(
        span
        for person, exceptions in people
        if person.is_active
        for ahead in range(days + 2)
        for span in spans_of(person, exceptions, clinic=clinic, day=today + timedelta(days=ahead))
    )
    gaps: list[Gap] = []
    covered = now
    for start, end in spans:
        if covered < min(start, until):
            gaps.append(Gap(covered, min(start, until)))
        covered = max(covered, end)
    return [*gaps, Gap(covered, until)] if covered < until else gaps


def _days(words: str) -> list[int]:
    found: list[int] = []
    for part in words.lower().replace(" ", "").split(","):
        names = part.split("-")
        if any(name not in DAYS for name in names) or len(names) > 2:
            raise InvalidInput("hours")
        first, last = DAYS.index(names[0]), DAYS.index(names[-1])
        found += [(first + step) % 7 for step in range((last - first) % 7 + 1)]
    return found


def _minutes(clock: str) -> int:
    hour, minute = map(int, clock.split(":"))
    if minute > 59 or hour * 60 + minute > DAY_ENDS:
        raise InvalidInput("hours")
    return hour * 60 + minute


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
