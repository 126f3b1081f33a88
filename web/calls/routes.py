"""/calls/<token>. GET shows and changes nothing (mail scanners follow links); POST changes, then shows by redirect."""

import re
from itertools import groupby
from pathlib import Path
from typing import Annotated

import jinja2
from fastapi import APIRouter, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session

from clinic import audit
from clinic.booking import claims, outbox, texting
from clinic.booking.book import CLOSED, By, cancel_call, find_call, move_call
from clinic.booking.calendar import Slot, read_calendar
from clinic.booking.calendar_file import calendar_file
from clinic.booking.links import reference_of
from clinic.booking.models import Channel
from clinic.booking.questions import of_call_in_words
from clinic.booking.words import clock, moment_in_words
from clinic.clock import utc_now
from clinic.content import wording
from clinic.errors import Conflict, InvalidInput, NotFound
from clinic.handoff.protocol import text
from clinic.models import Appointment, AppointmentState
from web.context import Context
from web.pages import FRESH
from web.security import HEADERS
from web.slots import read_slot, slot_value

router = APIRouter(prefix="/calls", include_in_schema=False)
HERE = Path(__file__).parent
MOST_TIMES = 24  # a page of times, not a whole month
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
LONGEST_EMAIL = 254
POLICY = HEADERS["Content-Security-Policy"].replace("form-action 'none'", "form-action 'self'")
PRIVATE = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
BY = By("page")

templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@router.get("/style.css")
async def style() -> FileResponse:
    return FileResponse(HERE / "calls.css", headers=FRESH)


@router.get("/{token}")
def show(request: Request, token: str, done: str = "") -> Response:
    context: Context = request.app.state.context
    try:
        reference = reference_of(token)
        with context.database.reading() as session:
            return _page(session, context, find_call(session, reference, lock=False), token, done)
    except NotFound:
        return _missing(context)


@router.get("/{token}/call.ics")
def calendar(request: Request, token: str) -> Response:
    context: Context = request.app.state.context
    try:
        reference = reference_of(token)
        with context.database.reading() as session:
            appointment = find_call(session, reference, lock=False)
            file = calendar_file(appointment, clinic=context.settings.clinic, url=context.settings.address)
    except NotFound:
        return _missing(context)
    if file is None:
        return _missing(context)
    headers = {"Content-Disposition": 'attachment; filename="call.ics"', "Cache-Control": "no-store"}
    return Response(file, media_type="text/calendar; charset=utf-8", headers=headers)


@router.post("/{token}")
def change(
    request: Request,
    token: str,
    action: Annotated[str, Form(max_length=20)],
    sequence: Annotated[int, Form()] = -1,
    slot: Annotated[str, Form(max_length=100)] = "",
    email: Annotated[str, Form(max_length=LONGEST_EMAIL)] = "",
    agree: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    context: Context = request.app.state.context
    try:
        reference = reference_of(token)
        with context.database.transaction() as session:
            appointment = find_call(session, reference)
            done = _do(session, context, appointment, action, sequence, slot, email.strip(), agree=agree == "yes")
    except NotFound:
        return _missing(context)
    except claims.SlotTaken:
        done = "taken"
    except Conflict:
        done = "stale"
    except InvalidInput as problem:
        done = problem.reason
    return RedirectResponse(f"/calls/{token}?done={done}", 303, headers={"Cache-Control": "no-store"})


def _do(
    session: Session,
    context: Context,
    appointment: Appointment,
    action: str,
    sequence: int,
    slot: str,
    email: str,
    *,
    agree: bool,
) -> str:
    """Carry out one form of the page; returns the key of what is said."""
    clinic, now = context.settings.clinic, utc_now()
    if action in ("move", "cancel") and sequence != appointment.sequence:
        raise Conflict("stale")  # another tab, the chat or staff changed it after this page was shown
    if action == "move":
        move_call(session, appointment, read_slot(slot), clinic=clinic, by=BY, now=now)
        return "done_moved"
    if action == "cancel":
        cancel_call(session, appointment, clinic=clinic, by=BY, now=now)
        return "done_cancelled"
    if appointment.state in CLOSED:
        raise Conflict("closed")
    if action == "email":
        if not EMAIL.fullmatch(email):
            raise InvalidInput("email_wrong")
        appointment.email = email
        if appointment.state == AppointmentState.confirmed:
            outbox.plan(session, appointment, "booked", clinic=clinic, now=now)
        audit.record(session, "page:appointment:email", actor="visitor", subject_id=appointment.reference, now=now)
        return "done_email"
    if action == "texts" and agree and _can_text(context):
        words = wording()
        texting.agree_to_texts(
            session,
            appointment,
            wording=words["booking"]["texts_version"],
            wording_text=words["calls"]["page"]["texts_label"],
            clinic=clinic,
            by=BY,
            now=now,
        )
        return "done_texts"
    if action == "stop_texts":
        texting.stop_texts(session, phone=appointment.phone, by=BY, now=now)
        return "done_stopped"
    raise InvalidInput("stale")


def _page(session: Session, context: Context, appointment: Appointment, token: str, done: str) -> Response:
    clinic, now, words = context.settings.clinic, utc_now(), wording()["calls"]["page"]
    is_open = appointment.state not in CLOSED
    calendar = read_calendar(session, clinic=clinic, now=now)
    slots = (
        calendar.free(calendar.everything(), without=[appointment.starts_at] if appointment.starts_at else [])
        if is_open
        else []
    )
    body = templates.get_template("call.html").render(
        words=words,
        clinic=clinic,
        appointment=appointment,
        is_open=is_open,
        is_over=appointment.state in (AppointmentState.completed, AppointmentState.no_show),
        when=moment_in_words(appointment.starts_at, clinic)
        if appointment.starts_at
        else of_call_in_words(appointment, clinic),
        digits=appointment.phone[-2:],
        token=token,
        days=_by_day(slots[:MOST_TIMES], context),
        said=words.get(done) if done in SAID else None,
        can_email=bool(context.settings.email_url.get_secret_value()),
        can_text=_can_text(context),
        texts_on=Channel.sms in outbox.channels_of(session, appointment),
        longest_email=LONGEST_EMAIL,
        crisis_line=text("after_crisis_line"),
    )
    return HTMLResponse(body, headers=PRIVATE)


def _by_day(slots: list[Slot], context: Context) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each day's name with the form values and times of its slots."""
    zone = context.settings.clinic.zone
    local = [(slot, slot.starts_at.astimezone(zone)) for slot in slots]
    return [
        (f"{day:%A, %B} {day.day}", [(slot_value(slot), clock(start)) for slot, start in of_day])
        for day, of_day in groupby(local, key=lambda one: one[1].date())
    ]


SAID = frozenset(
    ["done_moved", "done_cancelled", "done_email", "done_texts", "done_stopped", "taken", "stale", "email_wrong"]
)


def _can_text(context: Context) -> bool:
    return bool(context.settings.sms_url.get_secret_value())


def _missing(context: Context) -> Response:
    words, clinic = wording()["calls"]["page"], context.settings.clinic
    body = templates.get_template("missing.html").render(
        words=words, clinic=clinic, crisis_line=text("after_crisis_line")
    )
    return HTMLResponse(body, 404, headers=PRIVATE)
