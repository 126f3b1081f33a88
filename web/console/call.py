"""One call: what is known of it, and what staff can do. What was typed comes back where a step was refused."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import PlainTextResponse, RedirectResponse
from sqlalchemy.orm import Session
from starlette.responses import Response

from clinic.booking import desk, texting
from clinic.booking.book import CLOSED, By, find_call
from clinic.booking.calendar import Calendar, Slot, read_calendar
from clinic.booking.call_file import CallFile, read_call
from clinic.booking.claims import SlotTaken
from clinic.booking.desk import FreeDay, check_version, version_of
from clinic.booking.hours import provider_names
from clinic.booking.models import Outcome
from clinic.clock import utc_now
from clinic.content import wording
from clinic.errors import Conflict, InvalidInput
from clinic.models import Appointment
from clinic.settings import ClinicInfo
from clinic.staff.accounts import list_staff
from clinic.staff.reading import CALL, is_noted, note_reading
from web.console.access import ConsoleRoute, Signed, SignedIn
from web.console.parts import context_of
from web.console.rendering import page
from web.slots import read_slot, slot_value

router = APIRouter(prefix="/console/calls/{reference}", route_class=ConsoleRoute, include_in_schema=False)
MOST_DAYS = 10  # days with free times on the page at once; further ones are a click away
SAID = ("confirmed", "moved", "cancelled", "outcome", "no_show", "note", "texts_stopped")
# Reasons of the domain that name what has happened meanwhile; anything else is "the state has changed".
MEANWHILE = ("closed", "changed", "not_requested", "not_yet")
Version = Annotated[str, Form(max_length=60)]
Note = Annotated[str, Form(max_length=20_000)]
Typed = Annotated[str, Form(max_length=100)]
From = Annotated[str, Query(alias="from", max_length=10)]


@dataclass(frozen=True)
class Kept:
    """What the refused form held. `step` is which one, so that its part of the page is open again."""

    step: str = ""
    note: str = ""
    slot: str = ""
    outcome: str = ""


@router.get("")
def show(request: Request, reference: str, signed: SignedIn, done: str = "", first: From = "") -> Response:
    return _page(request, signed, reference, said=done if done in SAID else "", first=first)


@router.get("/times-rows")
def show_times(request: Request, reference: str, signed: SignedIn, first: From = "") -> Response:
    """Free times from a day on, for the page's script."""
    clinic, now = context_of(request).settings.clinic, utc_now()
    with context_of(request).database.reading() as session:
        call = find_call(session, reference, lock=False)
        calendar = read_calendar(session, clinic=clinic, now=now)
        names = provider_names(session, clinic=clinic)
    times = _times(calendar, call, first, chosen="", clinic=clinic)
    return page(request, "call_times.html", signed=signed, kept=Kept(), call=call, names=names, **times)


@router.get("/version")
def show_version(request: Request, reference: str, signed: SignedIn) -> Response:
    """Which state the call is in now, for the page's script."""
    with context_of(request).database.reading() as session:
        return PlainTextResponse(version_of(find_call(session, reference, lock=False)))


@router.post("/confirm")
def confirm(
    request: Request, reference: str, signed: SignedIn, version: Version = "", slot: Typed = "", note: Note = ""
) -> Response:
    return _give(request, reference, signed, desk.confirm, "confirmed", Kept("time", note, slot), version)


@router.post("/move")
def move(
    request: Request, reference: str, signed: SignedIn, version: Version = "", slot: Typed = "", note: Note = ""
) -> Response:
    return _give(request, reference, signed, desk.move, "moved", Kept("time", note, slot), version)


@router.post("/cancel")
def cancel(request: Request, reference: str, signed: SignedIn, version: Version = "", note: Note = "") -> Response:
    clinic = context_of(request).settings.clinic
    return _act(
        request, reference, signed, desk.cancel, "cancelled", Kept("cancel", note), version=version, clinic=clinic
    )


@router.post("/outcome")
def record_outcome(
    request: Request, reference: str, signed: SignedIn, version: Version = "", outcome: Typed = "", note: Note = ""
) -> Response:
    kept = Kept("outcome", note, outcome=outcome)
    if outcome not in list(Outcome):
        return _page(request, signed, reference, kept=kept, error="outcome_missing", status=400)
    step = desk.record_outcome
    return _act(request, reference, signed, step, "outcome", kept, version=version, outcome=Outcome(outcome))


@router.post("/no-show")
def no_show(request: Request, reference: str, signed: SignedIn, version: Version = "", note: Note = "") -> Response:
    return _act(request, reference, signed, desk.no_show, "no_show", Kept("no_show", note), version=version)


@router.post("/note")
def add_note(request: Request, reference: str, signed: SignedIn, note: Note = "") -> Response:
    """Of a call that is over as well."""
    if not note.strip():
        return _page(request, signed, reference, kept=Kept("note"), error="note_empty", status=400)
    return _act(request, reference, signed, _nothing, "note", Kept("note", note))


@router.post("/stop-texts")
def stop_texts(request: Request, reference: str, signed: SignedIn, note: Note = "") -> Response:
    """They said so on the phone: no more texts to this number, of this call or another one."""

    def step(session: Session, reference: str, *, actor: str, now: Any) -> None:
        phone = find_call(session, reference).phone
        texting.stop_texts(session, phone=phone, by=By("console", actor), now=now)

    return _act(request, reference, signed, step, "texts_stopped", Kept("texts", note))


def _nothing(_session: Session, _reference: str, *, actor: str, now: Any) -> None:
    """The note alone."""


def _give(
    request: Request,
    reference: str,
    signed: Signed,
    step: Callable[..., Any],
    said: str,
    kept: Kept,
    version: str,
) -> Response:
    if not kept.slot:
        return _page(request, signed, reference, kept=kept, error="slot_missing", status=400)
    try:
        slot: Slot = read_slot(kept.slot)
    except SlotTaken:
        return _page(request, signed, reference, kept=kept, error="slot_taken", status=409)
    clinic = context_of(request).settings.clinic
    return _act(request, reference, signed, step, said, kept, version=version, slot=slot, clinic=clinic)


def _act(
    request: Request,
    reference: str,
    signed: Signed,
    step: Callable[..., Any],
    said: str,
    kept: Kept,
    *,
    version: str | None = None,
    **values: Any,
) -> Response:
    """The step and the note that was being written, in one transaction; then the page, with both again if refused."""
    context, now = context_of(request), utc_now()
    try:
        with context.database.transaction() as session:
            call = find_call(session, reference)
            if version is not None:
                check_version(call, version)
            step(session, reference, actor=signed.id, now=now, **values)
            if kept.note.strip():
                desk.add_note(session, reference, kept.note, actor=signed.id, now=now)
            conversation_id = call.conversation_id
    except SlotTaken:
        return _page(request, signed, reference, kept=kept, error="slot_taken", status=409)
    except Conflict as problem:
        reason = str(problem) if str(problem) in MEANWHILE else "conflict"
        return _page(request, signed, reference, kept=kept, error=reason, status=409)
    except InvalidInput as problem:
        return _page(request, signed, reference, kept=kept, error=problem.reason, status=400)
    if conversation_id:
        context.hub.from_thread(lambda: context.hub.wake(conversation_id))
    return RedirectResponse(f"/console/calls/{call.reference}?done={said}", 303)


def _page(
    request: Request,
    signed: Signed,
    reference: str,
    *,
    kept: Kept | None = None,
    error: str = "",
    said: str = "",
    first: str = "",
    status: int = 200,
) -> Response:
    context, now, kept = context_of(request), utc_now(), kept or Kept()
    clinic = context.settings.clinic
    file, calendar, names, people = _read(request, signed, reference)
    call = file.appointment
    return page(
        request,
        "call.html",
        signed=signed,
        status=status,
        error=error,
        said=said,
        kept=kept,
        file=file,
        call=call,
        is_open=call.state not in CLOSED,
        is_late=call.state not in CLOSED and call.due_at < now,
        version=version_of(call),
        names=names,
        people=people,
        outcomes=[one for one in Outcome if one != Outcome.voicemail or call.may_leave_voicemail],
        voicemail=wording()["calls"]["voicemail"].format(clinic=clinic.name, phone=clinic.phone),
        longest_note=desk.LONGEST_NOTE,
        **_times(calendar, call, first, chosen=kept.slot, clinic=clinic),
    )


def _read(
    request: Request, signed: Signed, reference: str
) -> tuple[CallFile, Calendar, dict[str, str], dict[str, str]]:
    """The call, the calendar, and the names of providers and of staff; the reading goes into the audit trail first."""
    context, now = context_of(request), utc_now()
    with context.database.reading() as session:
        subject = find_call(session, reference, lock=False).reference
        noted = is_noted(session, staff_id=signed.id, subject_id=subject, now=now, tag=CALL)
    if not noted:
        with context.database.transaction() as session:
            note_reading(session, staff_id=signed.id, subject_id=subject, now=now, tag=CALL)
    clinic = context.settings.clinic
    with context.database.reading() as session:
        return (
            read_call(session, subject),
            read_calendar(session, clinic=clinic, now=now),
            provider_names(session, clinic=clinic),
            {one.id: one.first_name for one in list_staff(session)},
        )


def _times(calendar: Calendar, call: Appointment, first: str, *, chosen: str, clinic: ClinicInfo) -> dict[str, Any]:
    """Free times from a day on, or where none is named from today on; `chosen` is the slot of a form that was refused.

    Open is the day of that slot, so that it or its neighbors are seen; of a request the day it was asked for.
    """
    today = utc_now().astimezone(clinic.zone).date()
    last = today + timedelta(days=clinic.booking.horizon_days)
    wished = _day_of(chosen, clinic)
    begin = min(max(today, _date(first) or today), last)
    days = _free(calendar, call, begin, last)
    if wished and len(days) == MOST_DAYS and wished > days[-1].day:
        begin = min(wished, last)
        days = _free(calendar, call, begin, last)
    wished = wished or max(call.window_starts_at.astimezone(clinic.zone).date(), begin)
    later = days[-1].day + timedelta(days=1) if len(days) == MOST_DAYS else None
    return {
        "free": days,
        "open_day": next((one.day for one in days if one.day >= wished), None),
        "later": later if later and later <= last else None,
        "begin": begin if begin > today else None,
        "slot_value": slot_value,
    }


def _free(calendar: Calendar, call: Appointment, begin: date, last: date) -> list[FreeDay]:
    if call.state in CLOSED:
        return []
    return desk.free_days(calendar, first=begin, days=(last - begin).days + 1, most=MOST_DAYS)


def _day_of(chosen: str, clinic: ClinicInfo) -> date | None:
    try:
        return read_slot(chosen).starts_at.astimezone(clinic.zone).date()
    except SlotTaken:
        return None


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
