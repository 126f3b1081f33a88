"""The queue of open handoffs, and its stream."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from clinic.clock import utc_now
from clinic.handoff.staff_side import QueueRow, queue
from web.api.conversations import PING_SECONDS
from web.console.access import ConsoleRoute, SignedIn, who_signed_in
from web.console.parts import context_of, parts_of
from web.console.rendering import page

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)
LOOK_AGAIN_SECONDS = 20.0  # how long a page of somebody who was signed out elsewhere may still listen


@router.get("")
def show_queue(request: Request, signed: SignedIn) -> Response:
    return page(request, "queue.html", signed=signed, rows=_rows(request))


@router.get("/queue-rows")
def show_rows(request: Request, signed: SignedIn) -> Response:
    """The list alone, for the page's script."""
    return page(request, "queue_rows.html", signed=signed, rows=_rows(request))


@router.get("/events")
async def events(request: Request, signed: SignedIn) -> EventSourceResponse:
    return EventSourceResponse(stream(request), ping=PING_SECONDS, headers={"X-Accel-Buffering": "no"})


async def stream(request: Request) -> AsyncIterator[ServerSentEvent]:
    """`queue` whenever queue or calls have changed; `signed-out` and the end once the session does not count."""
    with parts_of(request).hub.subscribe() as changed:
        yield ServerSentEvent("now", event="queue")
        while await run_in_threadpool(who_signed_in, request):
            try:
                await asyncio.wait_for(changed.wait(), LOOK_AGAIN_SECONDS)
            except TimeoutError:
                continue
            changed.clear()
            yield ServerSentEvent("changed", event="queue")
    yield ServerSentEvent("bye", event="signed-out")


def _rows(request: Request) -> list[QueueRow]:
    with context_of(request).database.reading() as session:
        return queue(session, now=utc_now())
