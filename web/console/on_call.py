"""Who is on call: everybody signed in sees it, admins change it. A stored channel's address is shown masked."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from clinic.clock import utc_now
from clinic.errors import InvalidInput
from clinic.handoff import channels, duty, oncall
from clinic.handoff.alert_text import channel_test
from clinic.handoff.oncall import KINDS, list_oncall, uncovered_hours
from web.console.access import Admin, ConsoleRoute, Signed, SignedIn
from web.console.parts import context_of
from web.console.rendering import page

router = APIRouter(prefix="/console/on-call", route_class=ConsoleRoute, include_in_schema=False)
DAYS = 14
BACK = "/console/on-call"


@router.get("")
def show(request: Request, signed: SignedIn, sent: str = "", verified: str = "") -> Response:
    return _page(request, signed, sent=sent, verified=verified)


@router.post("/people")
def add_person(
    request: Request,
    signed: Admin,
    first_name: Annotated[str, Form(max_length=200)] = "",
    hours: Annotated[str, Form(max_length=500)] = "",
    languages: Annotated[list[str] | None, Form()] = None,
    works_holidays: Annotated[bool, Form()] = False,
) -> Response:
    return _change(
        request,
        signed,
        oncall.add_person,
        first_name=first_name,
        hours=hours,
        languages=languages or [],
        works_holidays=works_holidays,
    )


@router.post("/people/{person_id}")
def change_person(
    request: Request,
    person_id: str,
    signed: Admin,
    first_name: Annotated[str, Form(max_length=200)] = "",
    hours: Annotated[str, Form(max_length=500)] = "",
    languages: Annotated[list[str] | None, Form()] = None,
    works_holidays: Annotated[bool, Form()] = False,
    is_active: Annotated[bool, Form()] = False,
) -> Response:
    return _change(
        request,
        signed,
        oncall.change_person,
        person_id=person_id,
        first_name=first_name,
        hours=hours,
        languages=languages or [],
        works_holidays=works_holidays,
        is_active=is_active,
    )


@router.post("/people/{person_id}/earlier")
def move_up(request: Request, person_id: str, signed: Admin) -> Response:
    """One place up in the order in which people are tried."""
    with context_of(request).database.transaction() as session:
        order = [listed.person.id for listed in list_oncall(session)]
        at = order.index(person_id) if person_id in order else 0
        if at:
            order[at - 1], order[at] = order[at], order[at - 1]
            oncall.reorder(session, person_ids=order, actor=signed.id, now=utc_now())
    return RedirectResponse(f"{BACK}#person-{person_id}", 303)


@router.post("/people/{person_id}/remove")
def remove_person(request: Request, person_id: str, signed: Admin) -> Response:
    return _change(request, signed, oncall.remove_person, person_id=person_id)


@router.post("/people/{person_id}/exceptions")
def add_exception(
    request: Request,
    person_id: str,
    signed: Admin,
    kind: Annotated[str, Form(max_length=10)] = "",
    first_day: Annotated[str, Form(max_length=10)] = "",
    last_day: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Whole days; extra hours of a day are rare and come by `lotus oncall`."""
    try:
        first = date.fromisoformat(first_day)
        last = date.fromisoformat(last_day or first_day)
    except ValueError:
        return _page(request, signed, error="time_unclear", status=400)
    return _change(
        request, signed, oncall.add_exception, person_id=person_id, kind=kind, first_day=first, last_day=last
    )


@router.post("/exceptions/{exception_id}/remove")
def remove_exception(request: Request, exception_id: str, signed: Admin) -> Response:
    return _change(request, signed, oncall.remove_exception, exception_id=exception_id)


@router.post("/people/{person_id}/channels")
def add_channel(
    request: Request,
    person_id: str,
    signed: Admin,
    kind: Annotated[str, Form(max_length=16)] = "",
    address: Annotated[str, Form(max_length=2000)] = "",
    can_wake: Annotated[bool, Form()] = False,
) -> Response:
    return _change(
        request, signed, oncall.add_channel, person_id=person_id, kind=kind, address=address, can_wake=can_wake
    )


@router.post("/channels/{channel_id}/remove")
def remove_channel(request: Request, channel_id: str, signed: Admin) -> Response:
    return _change(request, signed, oncall.remove_channel, channel_id=channel_id)


@router.post("/channels/{channel_id}/test")
def test_channel(request: Request, channel_id: str, signed: Admin) -> Response:
    """Sends a code there; whoever reads it on the device tells it, and then the channel is verified."""
    with context_of(request).database.transaction() as session:
        address, code = oncall.begin_test(session, channel_id=channel_id, actor=signed.id, now=utc_now())
    try:
        channels.send(address, channel_test(code))
    except channels.NotSent:
        return _page(request, signed, error="channel_not_sent", status=502)
    return RedirectResponse(f"{BACK}?sent={channel_id}#channel-{channel_id}", 303)


@router.post("/channels/{channel_id}/confirm")
def confirm_channel(
    request: Request, channel_id: str, signed: Admin, code: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    try:
        with context_of(request).database.transaction() as session:
            oncall.confirm_test(session, channel_id=channel_id, code=code, actor=signed.id, now=utc_now())
    except InvalidInput as problem:
        return _page(request, signed, error=problem.reason, sent=channel_id, status=400)
    return RedirectResponse(f"{BACK}?verified={channel_id}#channel-{channel_id}", 303)


def _change(request: Request, signed: Signed, step: Any, **values: Any) -> Response:
    try:
        with context_of(request).database.transaction() as session:
            step(session, actor=signed.id, now=utc_now(), **values)
    except InvalidInput as problem:
        return _page(request, signed, error=problem.reason, status=400)
    return RedirectResponse(BACK, 303)


def _page(
    request: Request, signed: Signed, *, error: str = "", sent: str = "", verified: str = "", status: int = 200
) -> Response:
    context, now = context_of(request), utc_now()
    clinic = context.settings.clinic
    with context.database.reading() as session:
        listed = list_oncall(session)
        gaps = uncovered_hours(session, clinic=clinic, now=now, days=DAYS)
    on_duty = {one.person.id for one in listed if duty.is_on_duty(one.person, one.exceptions, clinic=clinic, now=now)}
    return page(
        request,
        "on_call.html",
        signed=signed,
        status=status,
        error=error,
        gaps=gaps,
        has_urls=bool(context.settings.alert_urls),
        kinds=KINDS,
        days=DAYS,
        listed=listed,
        masked=channels.masked,
        on_duty=on_duty,
        hours=duty.hours_in_words,
        sent=sent,
        verified=verified,
    )
