"""One handoff: the chat, what staff can do with it, and its stream."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from clinic.clock import utc_now
from clinic.errors import InvalidInput
from clinic.handoff import staff_side
from clinic.handoff.finding import SEVERITIES
from clinic.handoff.playbook import playbook
from clinic.handoff.staff_side import QueueRow, queue_row
from clinic.models import Message
from clinic.staff.models import Staff
from clinic.staff.reading import is_noted, note_reading
from web.api.conversations import PING_SECONDS
from web.console.access import ConsoleRoute, Signed, SignedIn, is_script, who_signed_in
from web.console.parts import context_of
from web.console.rendering import page
from web.console.thread import Shown, thread

router = APIRouter(prefix="/console/conversations", route_class=ConsoleRoute, include_in_schema=False)
LOOK_SECONDS = 1.0  # how late a page sees what another process or a colleague did
FOLLOW_UP_HOURS = (1, 4, 24)


@dataclass(frozen=True)
class Opened:
    row: QueueRow
    messages: list[Shown]

    @property
    def newest(self) -> int:
        return self.messages[-1].message.id if self.messages else 0


@router.get("/{escalation_id}")
def show(request: Request, escalation_id: str, signed: SignedIn, canned: str = "", language: str = "") -> Response:
    opened = _open(request, signed, escalation_id)
    with context_of(request).database.transaction() as session:
        staff_side.touch(session, escalation_id=escalation_id, staff=signed.staff, now=utc_now())
    draft = next((one.get(language, "") for one in playbook()["canned_resources"] if one["id"] == canned), "")
    return page(
        request,
        "conversation.html",
        signed=signed,
        draft=draft,
        opened=opened,
        **_choices(opened.row, signed),
    )


@router.get("/{escalation_id}/thread")
def show_thread(
    request: Request, escalation_id: str, signed: SignedIn, after: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """Newer messages alone, for the page's script."""
    opened = _open(request, signed, escalation_id, after=after)
    return page(request, "thread.html", signed=signed, messages=opened.messages)


@router.get("/{escalation_id}/state")
def show_state(request: Request, escalation_id: str, signed: SignedIn) -> Response:
    """Who has the chat, and what can be done, for the page's script."""
    with context_of(request).database.reading() as session:
        row = queue_row(session, escalation_id=escalation_id, now=utc_now())
    return page(request, "state.html", signed=signed, row=row, **_choices(row, signed))


@router.get("/{escalation_id}/events")
async def events(request: Request, escalation_id: str, signed: SignedIn) -> EventSourceResponse:
    opened = await run_in_threadpool(_open, request, signed, escalation_id)
    return EventSourceResponse(
        stream(request, escalation_id, opened.row.conversation_id),
        ping=PING_SECONDS,
        headers={"X-Accel-Buffering": "no"},
    )


async def stream(request: Request, escalation_id: str, conversation_id: str) -> AsyncIterator[ServerSentEvent]:
    """`messages` with the newest id, `state`, `typing`; `signed-out` and the end once the session does not count."""
    context = context_of(request)
    seen: dict[str, Any] = {}
    with context.hub.subscribe(conversation_id) as something_new:
        while await run_in_threadpool(who_signed_in, request):
            something_new.clear()
            now = await run_in_threadpool(_look, request, escalation_id, conversation_id)
            now["typing"] = context.hub.typing.last(conversation_id, "visitor")
            for name, value in now.items():
                if name not in seen or seen[name] != value:
                    shown = str(value is not None).lower() if name == "typing" else str(now["messages"])
                    yield ServerSentEvent(shown, event=name)
            seen = now
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(something_new.wait(), LOOK_SECONDS)
    yield ServerSentEvent("bye", event="signed-out")


def _look(request: Request, escalation_id: str, conversation_id: str) -> dict[str, Any]:
    with context_of(request).database.reading() as session:
        newest = session.scalar(select(func.max(Message.id)).where(Message.conversation_id == conversation_id)) or 0
        row = queue_row(session, escalation_id=escalation_id, now=utc_now())
    state = (
        row.state,
        row.severity,
        row.risk,
        row.owner_id,
        row.follow_up_at,
        row.phone,
        row.unanswered_since,
        row.is_calling,
    )
    return {"messages": newest, "state": state}


@router.post("/{escalation_id}/claim")
def claim(request: Request, escalation_id: str, signed: SignedIn) -> Response:
    return _act(request, escalation_id, signed, staff_side.claim)


@router.post("/{escalation_id}/take-over")
def take_over(request: Request, escalation_id: str, signed: SignedIn) -> Response:
    return _act(request, escalation_id, signed, staff_side.take_over)


@router.post("/{escalation_id}/acknowledge")
def acknowledge(request: Request, escalation_id: str, signed: SignedIn) -> Response:
    return _act(request, escalation_id, signed, staff_side.acknowledge)


@router.post("/{escalation_id}/write")
def write(
    request: Request, escalation_id: str, signed: SignedIn, text: Annotated[str, Form(max_length=20_000)] = ""
) -> Response:
    return _act(request, escalation_id, signed, staff_side.write, text=text, where="#end")


@router.post("/{escalation_id}/follow-up")
def follow_up(
    request: Request,
    escalation_id: str,
    signed: SignedIn,
    at: Annotated[str, Form(max_length=40)] = "",
    hours: Annotated[str, Form(max_length=4)] = "",
) -> Response:
    """`hours` from now, or a day and time of the clinic's zone; "none" takes it back."""
    zone = context_of(request).settings.clinic.zone
    when = None if hours == "none" else moment_of(at, hours, zone=zone, now=utc_now())
    return _act(request, escalation_id, signed, staff_side.set_follow_up, at=when)


@router.post("/{escalation_id}/severity")
def change_severity(
    request: Request, escalation_id: str, signed: SignedIn, severity: Annotated[str, Form(max_length=20)] = ""
) -> Response:
    return _act(request, escalation_id, signed, staff_side.change_severity, severity=severity)


@router.post("/{escalation_id}/hand-back")
def hand_back(request: Request, escalation_id: str, signed: SignedIn) -> Response:
    return _act(request, escalation_id, signed, staff_side.hand_back)


@router.post("/{escalation_id}/close")
def close(
    request: Request, escalation_id: str, signed: SignedIn, reason: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    return _act(request, escalation_id, signed, staff_side.close, reason=reason)


@router.post("/{escalation_id}/typing")
async def typing(request: Request, escalation_id: str, signed: SignedIn) -> Response:
    """The owner is typing: the visitor's page hears of it, and the acknowledgement does not run out."""
    context = context_of(request)

    def holds() -> str | None:
        now = utc_now()
        with context.database.reading() as session:
            row = queue_row(session, escalation_id=escalation_id, now=now)
        if row.owner_id != signed.id or row.state == "closed":
            return None
        return row.conversation_id

    conversation_id = await run_in_threadpool(holds)
    if conversation_id and await context.limits.count_signal("staff", conversation_id):
        context.hub.typing.note(conversation_id, "staff")
    return Response(status_code=204)


@router.post("/{escalation_id}/touch")
def touch(request: Request, escalation_id: str, signed: SignedIn) -> Response:
    """The page is open and somebody moves on it."""
    with context_of(request).database.transaction() as session:
        staff_side.touch(session, escalation_id=escalation_id, staff=signed.staff, now=utc_now())
    return Response(status_code=204)


def moment_of(typed: str, hours: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """Raises InvalidInput."""
    if hours.isdecimal() and int(hours) in FOLLOW_UP_HOURS:
        return now + timedelta(hours=int(hours))
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=zone)
    except ValueError as problem:
        raise InvalidInput("time_unclear") from problem


def _open(request: Request, signed: Signed, escalation_id: str, *, after: int = 0) -> Opened:
    """What the page shows; the reading goes into the audit trail first."""
    database, now = context_of(request).database, utc_now()
    with database.reading() as session:
        row = queue_row(session, escalation_id=escalation_id, now=now)
        noted = is_noted(session, staff_id=signed.id, subject_id=escalation_id, now=now)
    if not noted:
        with database.transaction() as session:
            note_reading(session, staff_id=signed.id, subject_id=escalation_id, now=now)
    with database.reading() as session:
        messages = thread(session, conversation_id=row.conversation_id, escalation_id=escalation_id, after=after)
    return Opened(row, messages)


def _choices(row: QueueRow, signed: Signed) -> dict[str, Any]:
    """What the templates offer. `holds`: it is this person's chat; `may`: they may work on it at all."""
    is_free = row.owner_id is None
    is_anothers = not is_free and row.owner_id != signed.id
    return {
        "may_take_over": signed.staff.crisis_trained and row.state != "closed" and is_anothers and row.is_calling,
        "holds": row.owner_id == signed.id,
        "may": signed.staff.crisis_trained and row.state != "closed" and (is_free or row.owner_id == signed.id),
        "severities": SEVERITIES,
        "follow_up_hours": FOLLOW_UP_HOURS,
        "book": playbook(),
    }


def _act(
    request: Request, escalation_id: str, signed: Signed, step: Callable[..., Any], *, where: str = "", **values: Any
) -> Response:
    """One step of the domain in one transaction; then the page again, or a short yes for its script."""
    context = context_of(request)

    def run(session: Session, staff: Staff) -> str:
        step(session, escalation_id=escalation_id, staff=staff, now=utc_now(), **values)
        return queue_row(session, escalation_id=escalation_id, now=utc_now()).conversation_id

    with context.database.transaction() as session:
        conversation_id = run(session, session.get_one(Staff, signed.id))
    context.hub.from_thread(lambda: context.hub.wake(conversation_id))
    if step is staff_side.write:
        context.hub.from_thread(lambda: context.hub.typing.stop(conversation_id, "staff"))
    if is_script(request):
        return JSONResponse({"done": True})
    return RedirectResponse(f"/console/conversations/{escalation_id}{where}", 303)
