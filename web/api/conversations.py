"""The routes of the HTTP contract under /api/conversations."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import select
from sse_starlette import EventSourceResponse, ServerSentEvent

from clinic.chat.conversations import (
    disclose_again,
    messages_after,
    open_conversation,
    start_conversation,
)
from clinic.clock import utc_now
from clinic.models import Conversation, ConversationState, Message
from web.context import Context
from web.errors import Refused
from web.incoming import read_incoming
from web.metrics import STREAMS
from web.turns import Turns

router = APIRouter(prefix="/api/conversations")
PING_SECONDS = 15


def context_of(request: Request) -> Context:
    return request.app.state.context


def bearer(authorization: Annotated[str, Header()] = "") -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > 200:
        raise Refused(401, "no_token")
    return token


Token = Annotated[str, Depends(bearer)]
Held = Annotated[Context, Depends(context_of)]


@router.post("", status_code=201)
async def create(request: Request, context: Held) -> dict[str, Any]:
    await context.limits.count_conversation(request.client.host if request.client else "unknown")

    def start() -> dict[str, Any]:
        with context.database.transaction() as session:
            conversation, token = start_conversation(session, clinic=context.settings.clinic, now=utc_now())
            messages = messages_after(session, conversation_id=conversation.id)
            return {
                "id": conversation.id,
                "token": token,
                "messages": [context.shown(message) for message in messages],
            }

    return await asyncio.to_thread(start)


@router.post("/{conversation_id}/messages")
async def send(conversation_id: str, request: Request, token: Token) -> JSONResponse:
    turns: Turns = request.app.state.turns
    incoming = await read_incoming(request)
    answer = await turns.take(conversation_id, token, incoming)
    request.app.state.context.hub.typing.stop(conversation_id, "visitor")
    return JSONResponse(answer)


@router.post("/{conversation_id}/typing", status_code=204)
async def type_on(conversation_id: str, context: Held, token: Token) -> Response:
    """The visitor types while staff have the chat. Their page hears of it; nothing is stored, and no words are sent."""

    def is_held() -> bool:
        with context.database.reading() as session:
            conversation = open_conversation(session, conversation_id=conversation_id, token=token)
            return conversation.state == ConversationState.staff

    if await asyncio.to_thread(is_held) and await context.limits.count_signal("visitor", conversation_id):
        context.hub.typing.note(conversation_id, "visitor")
    return Response(status_code=204)


@router.get("/{conversation_id}/messages")
async def read(
    conversation_id: str, context: Held, token: Token, after: Annotated[int, Query(ge=0)] = 0
) -> dict[str, Any]:
    def load() -> tuple[bool, list[Message]]:
        with context.database.reading() as session:
            conversation = open_conversation(session, conversation_id=conversation_id, token=token)
            away = utc_now() - conversation.last_visitor_at
        if away.days >= 7:
            with context.database.transaction() as session:
                conversation = open_conversation(session, conversation_id=conversation_id, token=token)
                disclose_again(session, conversation=conversation, clinic=context.settings.clinic, now=utc_now())
        with context.database.reading() as session:
            return away.days >= 7, list(messages_after(session, conversation_id=conversation_id, after=after))

    disclosed, messages = await asyncio.to_thread(load)
    if disclosed:
        context.hub.wake(conversation_id)
    return {"messages": [context.shown(message) for message in messages]}


@router.get("/{conversation_id}/events")
async def events(
    conversation_id: str,
    context: Held,
    token: Token,
    last_event_id: Annotated[str, Header(max_length=20)] = "0",
) -> EventSourceResponse:
    def check() -> None:
        with context.database.reading() as session:
            open_conversation(session, conversation_id=conversation_id, token=token)

    await asyncio.to_thread(check)
    newest = int(last_event_id) if last_event_id.isdecimal() else 0
    return EventSourceResponse(
        stream(context, conversation_id, newest), ping=PING_SECONDS, headers={"X-Accel-Buffering": "no"}
    )


async def stream(context: Context, conversation_id: str, newest: int) -> AsyncIterator[ServerSentEvent]:
    """Everything newer than `newest`, in order, for as long as the page listens.

    Two more kinds come while staff have the chat, without an id, so that a page that comes back is told anew:
    `presence` ({"staff": true} once they do, false once they do no more) and `typing` ({"on": true} counts for 6 s).
    """
    present, typed = False, None

    def load() -> tuple[list[Message], bool]:
        with context.database.reading() as session:
            state = session.scalar(select(Conversation.state).where(Conversation.id == conversation_id))
            messages = messages_after(session, conversation_id=conversation_id, after=newest)
            return list(messages), state == ConversationState.staff

    with context.hub.subscribe(conversation_id) as something_new, STREAMS.track_inprogress():
        while True:
            something_new.clear()
            messages, held = await asyncio.to_thread(load)
            for message in messages:
                newest = message.id
                body = JSONResponse(context.shown(message)).body
                yield ServerSentEvent(bytes(body).decode(), id=str(message.id), event="message")
            if held != present:
                present = held
                yield ServerSentEvent(json.dumps({"staff": present}), event="presence")
            signal = context.hub.typing.last(conversation_id, "staff")
            if signal != typed:
                typed = signal
                yield ServerSentEvent(json.dumps({"on": typed is not None}), event="typing")
            await something_new.wait()
