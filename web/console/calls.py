"""The lists of calls: today, a week, what waits. Reading them is in the audit trail, since they hold names."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.responses import Response

from clinic.booking import desk
from clinic.booking.book import find_call
from clinic.booking.calendar import holiday_name, read_calendar
from clinic.booking.desk import Call
from clinic.booking.hours import provider_names
from clinic.clock import utc_now
from clinic.errors import NotFound
from clinic.models import Appointment
from clinic.settings import ClinicInfo
from clinic.staff.reading import CALLS, is_noted, note_reading
from web.console.access import ConsoleRoute, Signed, SignedIn
from web.console.parts import context_of
from web.console.rendering import page

router = APIRouter(prefix="/console/calls", route_class=ConsoleRoute, include_in_schema=False)
First = Annotated[str, Query(alias="from", max_length=10)]
Who = Annotated[str, Query(max_length=32)]


@dataclass(frozen=True)
class Column:
    """A provider's part of a day: their hours (None: they have none then, or the day is over) and their calls."""

    provider: str
    hours: list[tuple[time, time]] | None
    calls: list[Call]


@dataclass(frozen=True)
class Day:
    """`note` is the holiday's name; `is_other`: hours were set for just this day."""

    day: date
    note: str | None
    is_other: bool
    columns: list[Column]

    @property
    def has_calls(self) -> bool:
        return any(one.calls for one in self.columns)


@router.get("")
def show_today(request: Request, signed: SignedIn, who: Who = "") -> Response:
    return _today(request, signed, who, "calls_today.html")


@router.get("/today-rows")
def today_rows(request: Request, signed: SignedIn, who: Who = "") -> Response:
    """The list alone, for the page's script; so are the others."""
    return _today(request, signed, who, "calls_today_rows.html")


@router.get("/week")
def show_week(request: Request, signed: SignedIn, first: First = "") -> Response:
    return _week(request, signed, first, "calls_week.html")


@router.get("/week-rows")
def week_rows(request: Request, signed: SignedIn, first: First = "") -> Response:
    return _week(request, signed, first, "calls_week_rows.html")


@router.get("/waiting")
def show_waiting(request: Request, signed: SignedIn) -> Response:
    return _waiting(request, signed, "calls_waiting.html")


@router.get("/waiting-rows")
def waiting_rows(request: Request, signed: SignedIn) -> Response:
    return _waiting(request, signed, "calls_waiting_rows.html")


@router.get("/count")
def show_count(request: Request, signed: SignedIn) -> Response:
    """The numbers in the navigation alone."""
    return page(request, "calls_count.html", signed=signed)


@router.get("/find")
def find(request: Request, signed: SignedIn, reference: Annotated[str, Query(max_length=40)] = "") -> Response:
    """By the reference that a caller reads out, however it is written."""
    try:
        with context_of(request).database.reading() as session:
            found = find_call(session, reference, lock=False)
    except NotFound:
        return page(request, "calls_find.html", signed=signed, status=404, reference=reference)
    return RedirectResponse(f"/console/calls/{found.reference}", 303)


def _today(request: Request, signed: Signed, who: str, template: str) -> Response:
    context, now = context_of(request), utc_now()
    clinic = context.settings.clinic
    with _reading(request, signed) as session:
        calls = desk.today(session, clinic=clinic, now=now)
        coming = desk.next_call(session, now=now, provider=who or None)
        late = desk.waiting(session, now=now)
        names = provider_names(session, clinic=clinic)
    mine: Callable[[Call], bool] = lambda one: not who or one.appointment.provider == who  # noqa: E731
    today = now.astimezone(clinic.zone).date()
    return page(
        request,
        template,
        signed=signed,
        calls=[one for one in calls if mine(one)],
        coming=coming,
        is_today=coming is not None and _local_day(coming, clinic) == today,
        # Those of earlier days; today's own are marked in the list.
        late=[one for one in late if one.overdue and mine(one) and one not in calls],
        names=names,
        today=today,
        holiday=holiday_name(today, clinic.booking.holidays),
        who=who,
    )


def _week(request: Request, signed: Signed, first: str, template: str) -> Response:
    context, now = context_of(request), utc_now()
    clinic = context.settings.clinic
    today = now.astimezone(clinic.zone).date()
    monday = _monday(first, today)
    with _reading(request, signed) as session:
        names = provider_names(session, clinic=clinic)
        days = _days(session, monday, today, clinic=clinic)
    return page(request, template, signed=signed, days=days, monday=monday, today=today, names=names)


def _waiting(request: Request, signed: Signed, template: str) -> Response:
    now = utc_now()
    with _reading(request, signed) as session:
        calls = desk.waiting(session, now=now)
        names = provider_names(session, clinic=context_of(request).settings.clinic)
    return page(request, template, signed=signed, calls=calls, names=names)


def _days(session: Session, monday: date, today: date, *, clinic: ClinicInfo) -> list[Day]:
    """The week, without a weekend on which nobody calls."""
    now = utc_now()
    calendar = read_calendar(session, clinic=clinic, now=now)
    calls = desk.week(session, clinic=clinic, now=now, first=monday)
    days = []
    for day in (monday + timedelta(days=ahead) for ahead in range(7)):
        of_day = [one for one in calls if _local_day(one.appointment, clinic) == day]
        hours = {one.id: calendar.hours(one, day) if day >= today else None for one in calendar.providers}
        busy = {one.appointment.provider or "" for one in of_day}
        columns = [
            Column(provider, hours.get(provider), [one for one in of_day if one.appointment.provider == provider])
            for provider in sorted(hours.keys() | busy)
        ]
        is_other = any(calendar.exception(provider, day) is not None for provider in [None, *hours])
        if day.weekday() < 5 or of_day or any(hours.values()):
            days.append(Day(day, holiday_name(day, clinic.booking.holidays), is_other, columns))
    return days


def _local_day(call: Appointment, clinic: ClinicInfo) -> date | None:
    return call.starts_at and call.starts_at.astimezone(clinic.zone).date()


def _monday(typed: str, today: date) -> date:
    """Of the week a day is in; of this week where the words are no day."""
    try:
        day = date.fromisoformat(typed)
        return day - timedelta(days=day.weekday()) if abs((day - today).days) < 3660 else _monday("", today)
    except (ValueError, OverflowError):
        return today - timedelta(days=today.weekday())


def _reading(request: Request, signed: Signed):  # type: ignore[no-untyped-def]
    """A reading session; that the lists were looked at is noted first."""
    database, now = context_of(request).database, utc_now()
    with database.reading() as session:
        noted = is_noted(session, staff_id=signed.id, subject_id="calls", now=now, tag=CALLS)
    if not noted:
        with database.transaction() as session:
            note_reading(session, staff_id=signed.id, subject_id="calls", now=now, tag=CALLS)
    return database.reading()
