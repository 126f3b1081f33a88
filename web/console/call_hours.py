"""Who calls and when: all staff see it, admins change it."""

from datetime import date, time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from clinic.booking import hours
from clinic.booking.hours_words import hours_in_words, read_hours
from clinic.booking.words import DAYS
from clinic.clock import utc_now
from clinic.errors import InvalidInput
from clinic.settings import Weekday
from web.console.access import Admin, ConsoleRoute, Signed, SignedIn
from web.console.parts import context_of
from web.console.rendering import page

router = APIRouter(prefix="/console/calls/hours", route_class=ConsoleRoute, include_in_schema=False)
BACK = "/console/calls/hours"
HOLIDAYS_AHEAD = 365
SAID = ("saved", "added", "day", "day_cleared")
Words = Annotated[str, Form(max_length=200)]


def _typed_week(
    monday: Words = "",
    tuesday: Words = "",
    wednesday: Words = "",
    thursday: Words = "",
    friday: Words = "",
    saturday: Words = "",
    sunday: Words = "",
) -> dict[Weekday, str]:
    return {
        "monday": monday,
        "tuesday": tuesday,
        "wednesday": wednesday,
        "thursday": thursday,
        "friday": friday,
        "saturday": saturday,
        "sunday": sunday,
    }


@router.get("")
def show(request: Request, signed: SignedIn, done: str = "") -> Response:
    return _page(request, signed, said=done if done in SAID else "")


@router.post("/providers")
def add_provider(request: Request, signed: Admin, name: Words = "") -> Response:
    return _change(request, signed, "added", {"new": {"name": name}}, hours.add_provider, name=name)


@router.post("/providers/{provider_id}")
def change_provider(
    request: Request,
    provider_id: str,
    signed: Admin,
    week: Annotated[dict[Weekday, str], Depends(_typed_week)],
    name: Words = "",
    is_active: Annotated[bool, Form()] = False,
) -> Response:
    typed = {provider_id: {"name": name, "is_active": is_active, **week}}
    try:
        read: dict[Weekday, list[tuple[time, time]]] = {
            day: spans for day, words in week.items() if (spans := read_hours(words))
        }
    except InvalidInput as problem:
        return _page(request, signed, error=problem.reason, typed=typed, status=400)
    return _change(
        request, signed, "saved", typed, hours.set_hours, provider_id=provider_id, hours=read, is_active=is_active,
        name=name,
    )  # fmt: skip


@router.post("/days")
def set_day(request: Request, signed: Admin, day: Words = "", who: Words = "", spans: Words = "") -> Response:
    """Other hours on one day; without hours nobody calls."""
    typed = {"day": {"day": day, "who": who, "spans": spans}}
    try:
        values = {"day": _day(day), "ranges": read_hours(spans), "provider_id": who or None}
    except InvalidInput as problem:
        return _page(request, signed, error=problem.reason, typed=typed, status=400)
    return _change(request, signed, "day", typed, hours.set_exception, **values)


@router.post("/days/clear")
def clear_day(request: Request, signed: Admin, day: Words = "", who: Words = "") -> Response:
    with context_of(request).database.transaction() as session:
        hours.clear_exception(session, _day(day), provider_id=who or None, actor=signed.id, now=utc_now())
    return RedirectResponse(f"{BACK}?done=day_cleared#days", 303)


def _day(typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as problem:
        raise InvalidInput("day_unclear") from problem


def _change(
    request: Request, signed: Signed, said: str, typed: dict[str, dict[str, Any]], step: Any, **values: Any
) -> Response:
    context = context_of(request)
    try:
        with context.database.transaction() as session:
            step(session, actor=signed.id, clinic=context.settings.clinic, now=utc_now(), **values)
    except InvalidInput as problem:
        return _page(request, signed, error=problem.reason, typed=typed, status=400)
    return RedirectResponse(f"{BACK}?done={said}", 303)


def _page(
    request: Request,
    signed: Signed,
    *,
    said: str = "",
    error: str = "",
    typed: dict[str, dict[str, Any]] | None = None,
    status: int = 200,
) -> Response:
    """`typed` holds what a refused form had, by provider's id, "new" or "day"."""
    context, now = context_of(request), utc_now()
    clinic = context.settings.clinic
    with context.database.transaction() as session:
        providers = hours.providers(session, clinic=clinic)
    with context.database.reading() as session:
        others = hours.exceptions(session, clinic=clinic, now=now)
        affected = hours.affected(session, clinic=clinic, now=now)
    weeks = {
        one.id: {day: hours_in_words(hours.ranges_of(one, day)) for day in DAYS if one.hours.get(day)}
        for one in providers
    }
    return page(
        request,
        "call_hours.html",
        signed=signed,
        status=status,
        said=said,
        error=error,
        typed=typed or {},
        providers=providers,
        names={one.id: one.name for one in providers},
        weeks=weeks,
        weekdays=DAYS,
        others=others,
        holidays=hours.coming_holidays(clinic=clinic, now=now, days=HOLIDAYS_AHEAD),
        opened={one.day for one in others if one.ranges},
        affected=affected,
        today=now.astimezone(clinic.zone).date(),
        hours_in_words=hours_in_words,
    )
