"""When somebody can call: hours, exceptions and holidays in the clinic's zone, less what is taken or held.

Slots lie on one grid (a call and its buffer, counted from full hours), so two slots of a provider either are the same
or do not touch, whatever happens to the hours; the unique pair of `slot_claims` is then all that has to be kept.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple

import holidays
from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic.booking.models import HoursException, Provider, SlotClaim
from clinic.booking.preferred_time import Window
from clinic.settings import ClinicInfo


class Slot(NamedTuple):
    """A call that one provider can make; `ends_at` is the call's end, the buffer comes after it. Both in UTC."""

    starts_at: datetime
    ends_at: datetime
    provider: str


@dataclass(frozen=True)
class Caller:
    """A provider who is active, with the local hours of each weekday."""

    id: str
    hours: dict[str, list[tuple[time, time]]]


class Calendar:
    """Hours and claims as they were when it was read; made for one answer, then thrown away."""

    def __init__(
        self,
        clinic: ClinicInfo,
        *,
        providers: Iterable[Caller],
        exceptions: Iterable[HoursException] = (),
        claims: Iterable[SlotClaim] = (),
        now: datetime,
    ) -> None:
        self._clinic, self._rules, self._now = clinic, clinic.booking, now
        self._providers = sorted(providers, key=lambda one: one.id)
        self._exceptions: dict[tuple[str | None, date], list[tuple[time, time]]] = {}
        for one in exceptions:
            ranges = self._exceptions.setdefault((one.provider_id, one.day), [])
            if one.opens_local and one.closes_local:
                ranges.append((one.opens_local, one.closes_local))
        self._busy: dict[str, list[tuple[datetime, datetime]]] = {one.id: [] for one in self._providers}
        for claim in claims:
            self._busy.setdefault(claim.provider_id, []).append((claim.starts_at, claim.ends_at))
        for taken in self._busy.values():
            taken.sort()

    @property
    def providers(self) -> list[Caller]:
        """Those who call now, by id."""
        return self._providers

    def exception(self, provider_id: str | None, day: date) -> list[tuple[time, time]] | None:
        """Other hours set for just that day, of a provider or (None) of everybody; None where there are none."""
        return self._exceptions.get((provider_id, day))

    def hours(self, provider: Caller, day: date) -> list[tuple[time, time]]:
        """A provider's local hours on a day: their exception, everybody's, none on holidays, or the week's."""
        for key in ((provider.id, day), (None, day)):
            if key in self._exceptions:
                return self._exceptions[key]
        if is_holiday(day, self._rules.holidays):
            return []
        return provider.hours.get(day.strftime("%A").lower(), [])

    def open_hours(self, day: date) -> tuple[time, time] | None:
        """From the first to the last hour in which anybody calls on a day; None where nobody does."""
        ranges = [hours for provider in self._providers for hours in self.hours(provider, day)]
        return (min(start for start, _ in ranges), max(end for _, end in ranges)) if ranges else None

    def free(self, windows: Iterable[Window], *, without: Collection[datetime] = ()) -> list[Slot]:
        """One free slot for each start within the windows, soonest first, of the provider with the least to do."""
        found: dict[datetime, Slot] = {}
        for window in windows:
            day = window.starts_at.astimezone(self._clinic.zone).date()
            while day <= window.ends_at.astimezone(self._clinic.zone).date():
                for slot in self._of_day(day):
                    fits = window.starts_at <= slot.starts_at and (
                        slot.starts_at < window.ends_at if window.is_exact else slot.ends_at <= window.ends_at
                    )
                    if fits and slot.starts_at not in without:
                        found.setdefault(slot.starts_at, slot)
                day += timedelta(days=1)
        return [found[start] for start in sorted(found)]

    def everything(self) -> list[Window]:
        """The whole time that is open to booking, as windows of a day each."""
        first = self._now.astimezone(self._clinic.zone)
        days = (first.date() + timedelta(days=ahead) for ahead in range(self._rules.horizon_days + 1))
        return [
            Window(
                datetime.combine(day, hours[0], self._clinic.zone), datetime.combine(day, hours[1], self._clinic.zone)
            )
            for day in days
            if (hours := self.open_hours(day))
        ]

    def free_of(self, provider: Caller, day: date) -> list[Slot]:
        """A provider's free slots of a local day that have not begun, whatever notice a visitor has to give."""
        return [one for one in self._grid(provider, day) if one.starts_at > self._now and self._is_free(one)]

    def offers(self, slot: Slot) -> bool:
        """Whether the slot is one of that provider's and not over yet, taken or not."""
        provider = next((one for one in self._providers if one.id == slot.provider), None)
        if provider is None or slot.starts_at <= self._now:
            return False
        day = slot.starts_at.astimezone(self._clinic.zone).date()
        return slot in self._grid(provider, day)

    def _of_day(self, day: date) -> Iterator[Slot]:
        soonest = self._now + timedelta(minutes=self._rules.notice_minutes)
        latest = self._now + timedelta(days=self._rules.horizon_days)
        for provider in sorted(self._providers, key=lambda one: (self._load(one.id, day), one.id)):
            for slot in self._grid(provider, day):
                if soonest <= slot.starts_at <= latest and self._is_free(slot):
                    yield slot

    def _grid(self, provider: Caller, day: date) -> Iterator[Slot]:
        step, call = self._rules.slot_minutes * 60, timedelta(minutes=self._rules.call_minutes)
        for opens, closes in self.hours(provider, day):
            opened, closed = (
                datetime.combine(day, moment, self._clinic.zone).astimezone(UTC) for moment in (opens, closes)
            )
            start = datetime.fromtimestamp(-(-opened.timestamp() // step) * step, UTC)
            while start + call <= closed:
                yield Slot(start, start + call, provider.id)
                start += timedelta(seconds=step)

    def _is_free(self, slot: Slot) -> bool:
        taken = self._busy[slot.provider]
        ends_at = slot.starts_at + timedelta(minutes=self._rules.slot_minutes)
        place = bisect_left(taken, (ends_at, ends_at))  # claims before it begin earlier than this slot ends
        # A claim is an hour long at most; those that began an hour before the slot are over.
        return not any(end > slot.starts_at for _, end in taken[max(0, place - 12) : place])

    def _load(self, provider: str, day: date) -> int:
        return sum(start.astimezone(self._clinic.zone).date() == day for start, _ in self._busy[provider])


def read_calendar(session: Session, *, clinic: ClinicInfo, now: datetime, holder: str | None = None) -> Calendar:
    """The calendar as it is in the database; a hold of `holder`'s own does not count as taken."""
    held = SlotClaim.appointment_id.is_not(None) | (SlotClaim.held_until > now)
    if holder is not None:
        held &= or_(SlotClaim.appointment_id.is_not(None), SlotClaim.holder != holder)
    stored = session.scalars(select(Provider)).all()
    active = [Caller(one.id, _ranges(one.hours)) for one in stored if one.is_active]
    if not stored:
        active = [Caller(one.id, _ranges(_week(one.hours or clinic.call_hours))) for one in clinic.booking.providers]
    today = now.astimezone(clinic.zone).date()
    return Calendar(
        clinic,
        providers=active,
        exceptions=session.scalars(select(HoursException).where(HoursException.day >= today)),
        claims=session.scalars(select(SlotClaim).where(held, SlotClaim.ends_at > now - timedelta(hours=1))),
        now=now,
    )


def ensure_providers(session: Session, clinic: ClinicInfo) -> None:
    """Store the providers of clinic.yml that the database does not know; what the console changed stays."""
    known = set(session.scalars(select(Provider.id)))
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for one in clinic.booking.providers:
        if one.id not in known:
            values = {"id": one.id, "name": one.name, "is_active": True, "hours": _week(one.hours or clinic.call_hours)}
            session.execute(insert(Provider).values(values).on_conflict_do_nothing())


def is_holiday(day: date, region: str) -> bool:
    """Whether a day is a holiday of a region such as US-UT; no region, no holidays."""
    return holiday_name(day, region) is not None


@lru_cache(maxsize=2_000)
def holiday_name(day: date, region: str) -> str | None:
    """What the region calls it, in the language of the country; None on any other day."""
    if not region:
        return None
    country, _, part = region.partition("-")
    return holidays.country_holidays(country, subdiv=part or None, years=day.year).get(day)


def _week(hours: object) -> dict[str, list[list[str]]]:
    """The week as it is stored."""
    assert isinstance(hours, dict)
    return {day: [[f"{opens:%H:%M}", f"{closes:%H:%M}"]] for day, (opens, closes) in hours.items()}


def _ranges(stored: dict[str, list[list[str]]]) -> dict[str, list[tuple[time, time]]]:
    return {
        day: [(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in ranges]
        for day, ranges in stored.items()
    }
