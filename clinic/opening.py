"""When the clinic is open, by its own clock: weekly hours, public holidays, closed days."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import holidays

from clinic.settings import ClinicInfo, Weekday

WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LOOK_AHEAD_DAYS = 60  # a clinic closed for longer than this has no next opening that could be named


def is_holiday(clinic: ClinicInfo, day: date) -> bool:
    """Whether the clinic is closed on this day of its own calendar, whatever its weekly hours say."""
    return day in clinic.closed_days or (bool(clinic.holidays) and day in _holidays(clinic.holidays, day.year))


def opening_of(clinic: ClinicInfo, day: date) -> tuple[datetime, datetime] | None:
    """From when to when it is open on a day, in UTC."""
    hours = clinic.opening_hours.get(WEEKDAYS[day.weekday()])
    if hours is None or is_holiday(clinic, day):
        return None
    opens, closes = (datetime.combine(day, hour, tzinfo=clinic.zone).astimezone(UTC) for hour in hours)
    return opens, closes


def is_open(clinic: ClinicInfo, now: datetime) -> bool:
    hours = opening_of(clinic, now.astimezone(clinic.zone).date())
    return hours is not None and hours[0] <= now < hours[1]


def next_opening(clinic: ClinicInfo, now: datetime) -> datetime | None:
    """`now` while it is open, else when it opens next; None where it does not within 60 days."""
    if is_open(clinic, now):
        return now
    today = now.astimezone(clinic.zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(LOOK_AHEAD_DAYS))
    return next((hours[0] for day in days if (hours := opening_of(clinic, day)) and hours[0] > now), None)


@lru_cache(maxsize=16)
def _holidays(place: str, year: int) -> frozenset[date]:
    country, _, part = place.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))
