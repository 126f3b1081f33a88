"""One message, step by step: screen, then people or Rasa, then the stored reply. docs/one-message.md draws it."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

import screen
from clinic.chat.conversations import (
    Turn,
    add_message,
    add_visitor_message,
    find_turn,
    offered_title,
    open_conversation,
    recent_visitor_texts,
)
from clinic.chat.reply import Reply
from clinic.clock import utc_now
from clinic.errors import ClinicError
from clinic.handoff.aftermath import Aftermath, aftermath_of
from clinic.handoff.crisis_turn import take_crisis_message
from clinic.handoff.finding import Finding
from clinic.handoff.protocol import safe_text
from clinic.library import library
from clinic.models import Conversation, ConversationState, Message
from web.context import Context
from web.errors import Refused
from web.incoming import Incoming
from web.metrics import RASA_FAILURES, SCREEN_FAILURES, SCREEN_SECONDS, TURN_SECONDS, TURNS
from web.rasa import RasaFailed
from web.unstored import answer_unstored

log = structlog.get_logger(__name__)

COMMIT_SECONDS = 0.5  # the protocol's limit; after it the reply goes out and says that nobody was reached
OPEN_SECONDS = 0.25  # reading the conversation; with the commit and the spool a crisis reply stays under 1 s
NEW_SENDER_AFTER = ("crisis", "medical_emergency", "safe_text")  # no form or tracker of before is met again
LINKS = ("tel:", "sms:", "https:")  # buttons that the browser follows itself
MORE_PAYLOADS = frozenset({"/follow_up", "/affirm", "/deny", "/stop"})


class Turns:
    """Takes visitors' messages. One per process; use from one event loop."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._order: dict[str, asyncio.Lock] = {}
        self._under_way: set[asyncio.Task[Any]] = set()
        # Threads of their own, so that neither the screen nor a crisis waits behind slow ordinary work.
        self._screening = ThreadPoolExecutor(2, thread_name_prefix="screen")
        self._crisis = ThreadPoolExecutor(8, thread_name_prefix="crisis")
        self._storing = ThreadPoolExecutor(16, thread_name_prefix="store")

    async def take(self, conversation_id: str, token: str, incoming: Incoming) -> dict[str, Any]:
        """The answer to a POST. Finishes also where the visitor's connection has gone meanwhile.

        Raises Refused or ClinicError; a message that shows risk is never refused.
        """
        task = asyncio.create_task(self._take(conversation_id, token, incoming))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Waits for what is under way, a turn's time at most."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._context.settings.turn_seconds + 2)

    async def _take(self, conversation_id: str, token: str, incoming: Incoming) -> dict[str, Any]:
        started = time.monotonic()
        title, previous, readable = None, [], True
        try:
            title, previous = await self._in(
                self._crisis, lambda: self._open(conversation_id, token, incoming), seconds=OPEN_SECONDS
            )
        except (SQLAlchemyError, TimeoutError) as problem:
            log.error("conversation.unreadable", conversation=conversation_id, error=type(problem).__name__)
            readable = False
        is_link = incoming.payload is not None and incoming.payload.startswith(LINKS)
        words = title or ("" if is_link else incoming.text)
        finding, language = await self._assess(words, previous)
        if finding is not None:
            turn = await self._hand_over(conversation_id, token, incoming, words, finding, readable=readable)
            return self._done(turn, "crisis", started, conversation_id)
        if incoming.refusal:
            raise incoming.refusal
        if not readable:
            raise Refused(503, "internal")
        if incoming.payload is not None and title is None:
            raise Refused(400, "unknown_payload")
        await self._context.limits.count_message(conversation_id)
        async with self._lock(conversation_id):
            turn, outcome = await self._ordinary(conversation_id, token, incoming, words, language)
        return self._done(turn, outcome, started, conversation_id)

    def _open(self, conversation_id: str, token: str, incoming: Incoming) -> tuple[str | None, list[str]]:
        """Check the token; the words of a tapped button (None: not one of ours); what was written before."""
        with self._context.database.reading() as session:
            open_conversation(session, conversation_id=conversation_id, token=token)
            title = None
            if incoming.payload is not None:
                title = offered_title(session, conversation_id=conversation_id, payload=incoming.payload)
                if title is None or incoming.payload.startswith(LINKS):
                    title = _topic_title(incoming.payload)
            return title, recent_visitor_texts(session, conversation_id=conversation_id)

    async def _assess(self, words: str, previous: list[str]) -> tuple[Finding | None, str]:
        """What the screen found, and the language of the message."""
        with SCREEN_SECONDS.time():
            loop = asyncio.get_running_loop()
            try:
                found = await loop.run_in_executor(self._screening, screen.assess, words, previous)
            except Exception as problem:
                SCREEN_FAILURES.inc()
                log.critical("screen.failed", error=type(problem).__name__)
                return None, "en"  # Rasa's express_crisis is the second net
        if not found.is_risk or found.severity is None:
            return None, found.language
        finding = Finding(
            risk=found.risk,
            severity=found.severity,
            source="screen",
            about=found.about,
            language=found.language,
            evidence=[asdict(item) for item in found.evidence],
        )
        return finding, found.language

    async def _hand_over(
        self,
        conversation_id: str,
        token: str,
        incoming: Incoming,
        words: str,
        finding: Finding,
        *,
        readable: bool,
    ) -> Turn | list[dict[str, Any]]:
        """The crisis path: commit in time, or answer all the same and spool. Waits for no other message."""
        context = self._context
        client_id = incoming.client_id or f"server-{time.monotonic_ns()}"

        def commit() -> Turn:
            with context.database.transaction() as session:
                conversation = open_conversation(session, conversation_id=conversation_id, token=token)
                return take_crisis_message(
                    session,
                    conversation=conversation,
                    client_id=client_id,
                    text=words,
                    finding=finding,
                    people=context.people,
                    now=utc_now(),
                )

        try:
            if not readable:
                raise TimeoutError
            return await self._in(self._crisis, commit, seconds=COMMIT_SECONDS)
        except ClinicError:  # a wrong token: whoever this is reads the resources in the refusal
            raise
        except Exception as problem:  # whatever it is, the reply goes out and the escalation is kept
            log.error("crisis.not_committed", conversation=conversation_id, error=type(problem).__name__)
            return await answer_unstored(context, conversation_id, token, client_id, words, finding)

    async def _ordinary(
        self, conversation_id: str, token: str, incoming: Incoming, words: str, language: str
    ) -> tuple[Turn | list[dict[str, Any]], str]:
        try:
            turn, conversation, aftermath = await self._in(
                self._storing, lambda: self._store_visitor(conversation_id, token, incoming.client_id, words)
            )
        except (SQLAlchemyError, TimeoutError) as problem:
            log.error("message.not_stored", conversation=conversation_id, error=type(problem).__name__)
            raise Refused(503, "internal") from problem
        if turn.visitor.answered_at:
            return turn, "repeat"
        if conversation.state == ConversationState.staff:
            return await self._in(self._storing, lambda: self._finish(conversation, turn.visitor, [])), "staff"
        self._context.hub.wake(conversation_id)
        try:
            replies = await self._context.rasa.ask(
                sender=f"{conversation.id}:{conversation.epoch}",
                text=_for_rasa(incoming),
                metadata={
                    "conversation_id": conversation.id,
                    "message_id": turn.visitor.id,
                    "language": language,
                    "aftermath": asdict(aftermath),
                },
            )
            outcome = replies[0].kind
        except RasaFailed as problem:
            RASA_FAILURES.labels(problem.cause).inc()
            log.error("rasa.failed", conversation=conversation_id, cause=problem.cause)
            replies, outcome = [safe_text(aftermath.language)], "safe_text"
        try:
            return await self._in(self._storing, lambda: self._finish(conversation, turn.visitor, replies)), outcome
        except (SQLAlchemyError, TimeoutError) as problem:
            log.error("reply.not_stored", conversation=conversation_id, error=type(problem).__name__)
            raise Refused(503, "internal") from problem

    def _store_visitor(
        self, conversation_id: str, token: str, client_id: str, words: str
    ) -> tuple[Turn, Conversation, Aftermath]:
        with self._context.database.transaction() as session:
            conversation = open_conversation(session, conversation_id=conversation_id, token=token)
            turn = find_turn(session, conversation_id=conversation_id, client_id=client_id)
            if turn is None:
                visitor = add_visitor_message(
                    session, conversation=conversation, client_id=client_id, text=words, now=utc_now()
                )
                turn = Turn(visitor, [], is_new=True)
            return turn, conversation, aftermath_of(session, conversation_id)

    def _finish(self, before: Conversation, visitor: Message, replies: list[Reply]) -> Turn:
        """Store the replies, unless staff took over or a crisis began while Rasa was thinking."""
        now = utc_now()
        with self._context.database.transaction() as session:
            conversation = session.get_one(Conversation, before.id)
            asked = session.get_one(Message, visitor.id)
            overtaken = conversation.epoch != before.epoch or conversation.state == ConversationState.staff
            stored = [
                add_message(session, conversation=conversation, reply=reply, now=now, turn_of=asked)
                for reply in ([] if overtaken else replies)
            ]
            if any(message.kind in NEW_SENDER_AFTER for message in stored):
                conversation.epoch += 1
            asked.answered_at = now
            return Turn(asked, stored, is_new=True)

    def _done(
        self, turn: Turn | list[dict[str, Any]], outcome: str, started: float, conversation_id: str
    ) -> dict[str, Any]:
        taken = time.monotonic() - started
        TURNS.labels(outcome).inc()
        TURN_SECONDS.labels(outcome).observe(taken)
        log.info("turn", conversation=conversation_id, outcome=outcome, ms=round(taken * 1000))
        if isinstance(turn, list):
            return {"messages": turn}
        self._context.hub.wake(conversation_id)
        return {"messages": [self._context.shown(message) for message in turn.messages]}

    async def _in[T](self, pool: ThreadPoolExecutor, work: Callable[[], T], *, seconds: float = 4.0) -> T:
        """Run database work in a thread, and give up waiting (not the work) after `seconds`."""
        loop = asyncio.get_running_loop()
        return await asyncio.wait_for(loop.run_in_executor(pool, work), seconds)

    def _lock(self, conversation_id: str) -> asyncio.Lock:
        """One message at a time per conversation, in the order they came."""
        lock = self._order.setdefault(conversation_id, asyncio.Lock())
        if len(self._order) > 10_000:  # forget the idle ones now and then
            self._order = {key: held for key, held in self._order.items() if held.locked() or held is lock}
        return lock


def _topic_title(payload: str) -> str | None:
    """The words for a payload that any page may send: a topic's, or one of the few small answers."""
    topic = payload.removeprefix("/")
    if not payload.startswith("/"):
        return None
    if topic in library().topics:
        return library().title(topic)
    return topic.replace("_", " ").capitalize() if payload in MORE_PAYLOADS else None


def _for_rasa(incoming: Incoming) -> str:
    """A tapped button goes through as it is; typed text loses the leading slash that Rasa takes for a command."""
    if incoming.payload is not None:
        return incoming.payload
    return incoming.text.strip().lstrip("/ \t").strip() or "?"
