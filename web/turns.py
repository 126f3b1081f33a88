"""One message, step by step: screen, then people or Rasa, then the stored reply. docs/one-message.md draws it."""

import asyncio
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from clinic.booking.spoken import with_outcome
from clinic.chat.conversations import (
    Turn,
    add_message,
    add_visitor_message,
    find_turn,
    language_after,
    note_language,
    open_conversation,
)
from clinic.chat.order import Taken, beat_turn, begin_turn, end_turn, lock_conversation
from clinic.chat.reply import Reply
from clinic.clock import utc_now
from clinic.errors import ClinicError
from clinic.faults import fault
from clinic.handoff.aftermath import Aftermath, aftermath_of
from clinic.handoff.crisis_turn import take_crisis_message
from clinic.handoff.finding import Finding
from clinic.handoff.protocol import answered_no_reply, safe_text, who_is_told_reply
from clinic.handoff.reach import reach
from clinic.handoff.safety_question import count_message, note_question
from clinic.handoff.who_is_told import asks_who_is_told
from clinic.models import Conversation, ConversationState, Message
from web.context import Context
from web.errors import Refused
from web.incoming import Incoming
from web.metrics import RASA_FAILURES, TURN_SECONDS, TURNS
from web.rasa import RasaFailed
from web.reading import Known, Read, read_message, what_is_known
from web.turn_order import kept, when_free
from web.unstored import answer_unstored

log = structlog.get_logger(__name__)

COMMIT_SECONDS = 0.5  # the protocol's limit; after it the reply goes out and says that nobody was reached
OPEN_SECONDS = 0.25  # reading the conversation; with the commit and the spool a crisis reply stays under 1 s
CRISIS_KINDS = ("crisis", "medical_emergency")
NEW_SENDER_AFTER = (*CRISIS_KINDS, "safe_text")  # no form or tracker of before is met again

Begun = tuple[Turn, Conversation, Aftermath]


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
        known, readable = Known(), True
        try:
            known = await self._in(
                self._crisis, lambda: self._open(conversation_id, token, incoming), seconds=OPEN_SECONDS
            )
        except (SQLAlchemyError, TimeoutError) as problem:
            log.error("conversation.unreadable", conversation=conversation_id, error=type(problem).__name__)
            readable = False
        loop = asyncio.get_running_loop()
        read = await loop.run_in_executor(self._screening, read_message, incoming, known)
        if read.finding is not None:
            turn = await self._hand_over(conversation_id, token, incoming, read, read.finding, readable=readable)
            return self._done(turn, "crisis", started, conversation_id) | {"language": read.finding.language}
        try:
            turn, outcome = await self._calm(conversation_id, token, incoming, read, readable=readable)
        except Refused as problem:
            problem.language = "es" if "es" in (read.language, known.language) else "en"
            raise
        language = known.language
        if incoming.payload is None and not known.flagged:  # a button's title is ours, and often English
            language = language_after(language, heard=read.language, words=read.words)
        return self._done(turn, outcome, started, conversation_id) | {"language": language}

    async def _calm(
        self, conversation_id: str, token: str, incoming: Incoming, read: Read, *, readable: bool
    ) -> tuple[Turn | list[dict[str, Any]], str]:
        """No risk was found: from here on a message may be refused."""
        if incoming.refusal:
            raise incoming.refusal
        if not readable:
            raise Refused(503, "internal")
        if not read.is_known:
            raise Refused(400, "unknown_payload")
        await self._context.limits.count_message(conversation_id)
        async with self._lock(conversation_id):
            return await self._ordinary(conversation_id, token, incoming, read)

    def _open(self, conversation_id: str, token: str, incoming: Incoming) -> Known:
        with self._context.database.reading() as session:
            return what_is_known(session, conversation_id=conversation_id, token=token, incoming=incoming)

    async def _hand_over(
        self,
        conversation_id: str,
        token: str,
        incoming: Incoming,
        read: Read,
        finding: Finding,
        *,
        readable: bool,
    ) -> Turn | list[dict[str, Any]]:
        """The crisis path: commit in time, or answer all the same and spool. Waits for no other message."""
        context = self._context
        client_id = incoming.client_id or f"server-{time.monotonic_ns()}"

        def commit() -> Turn:
            fault("web.crisis_read")
            with context.database.transaction() as session:
                lock_conversation(session, conversation_id)
                conversation = open_conversation(session, conversation_id=conversation_id, token=token)
                now = utc_now()
                reached = reach(
                    session,
                    clinic=context.settings.clinic,
                    alert_urls=context.settings.alert_urls,
                    severity=finding.severity,
                    language=finding.language,
                    now=now,
                )
                turn = take_crisis_message(
                    session,
                    conversation=conversation,
                    client_id=client_id,
                    text=read.words,
                    finding=finding,
                    people=reached.people,
                    closed_until=reached.closed_until,
                    now=now,
                )
                fault("web.crisis_stored")
            fault("web.crisis_committed")
            return turn

        try:
            if not readable:
                raise TimeoutError
            return await self._in(self._crisis, commit, seconds=COMMIT_SECONDS)
        except ClinicError:  # a wrong token: whoever this is reads the resources in the refusal
            raise
        except Exception as problem:  # whatever it is, the reply goes out and the escalation is kept
            log.error("crisis.not_committed", conversation=conversation_id, error=type(problem).__name__)
            return await answer_unstored(
                context, conversation_id, token, client_id, read.words, finding, is_minor=read.is_minor
            )

    async def _ordinary(
        self,
        conversation_id: str,
        token: str,
        incoming: Incoming,
        read: Read,
    ) -> tuple[Turn | list[dict[str, Any]], str]:
        holder = secrets.token_hex(8)
        try:
            turn, conversation, aftermath = await when_free(
                lambda lost: self._in(
                    self._storing,
                    lambda: self._store_visitor(conversation_id, token, incoming, read, holder, lost),
                )
            )
        except (SQLAlchemyError, TimeoutError) as problem:
            log.error("message.not_stored", conversation=conversation_id, error=type(problem).__name__)
            raise Refused(503, "internal") from problem
        if turn.visitor.answered_at:
            return turn, "repeat"
        if conversation.state == ConversationState.staff:
            return await self._in(self._storing, lambda: self._finish(conversation, turn.visitor, [], holder)), "staff"
        self._context.hub.wake(conversation_id)
        async with kept(lambda: self._in(self._storing, lambda: self._beat(conversation_id, holder))):
            replies, outcome = await self._replies(incoming, read, turn.visitor, conversation, aftermath)
        try:
            finished = await self._in(self._storing, lambda: self._finish(conversation, turn.visitor, replies, holder))
            return finished, outcome
        except (SQLAlchemyError, TimeoutError) as problem:
            log.error("reply.not_stored", conversation=conversation_id, error=type(problem).__name__)
            raise Refused(503, "internal") from problem

    async def _replies(
        self,
        incoming: Incoming,
        read: Read,
        visitor: Message,
        conversation: Conversation,
        aftermath: Aftermath,
    ) -> tuple[list[Reply], str]:
        """What Rasa says, the safe text where it fails; after a flag, what must not depend on Rasa is said here."""
        spoken = "es" if read.language == "es" else aftermath.language
        if aftermath.flagged and incoming.payload is None and asks_who_is_told(read.words):
            return [who_is_told_reply(spoken)], "who_is_told"
        if read.heard and read.heard.is_plain_no:
            return [answered_no_reply(spoken)], "answered_no"
        try:
            replies = await self._context.rasa.ask(
                sender=f"{conversation.id}:{conversation.epoch}",
                text=_for_rasa(incoming),
                metadata={
                    "conversation_id": conversation.id,
                    "message_id": visitor.id,
                    "language": read.language,
                    "is_minor": read.is_minor,
                    "aftermath": asdict(replace(aftermath, language=spoken)),
                },
            )
            return replies, replies[0].kind
        except RasaFailed as problem:
            RASA_FAILURES.labels(problem.cause).inc()
            log.error("rasa.failed", conversation=conversation.id, cause=problem.cause)
            return [safe_text(spoken)], "safe_text"

    def _store_visitor(
        self, conversation_id: str, token: str, incoming: Incoming, read: Read, holder: str, lost: Taken | None
    ) -> Begun | Taken:
        with self._context.database.transaction() as session:
            lock_conversation(session, conversation_id)
            conversation = open_conversation(session, conversation_id=conversation_id, token=token)
            turn = find_turn(session, conversation_id=conversation_id, client_id=incoming.client_id)
            if turn is None or turn.visitor.answered_at is None:
                taken = begin_turn(session, conversation_id=conversation_id, holder=holder, lost=lost)
                if taken:
                    return taken
            if turn is None:
                visitor = add_visitor_message(
                    session, conversation=conversation, client_id=incoming.client_id, text=read.words, now=utc_now()
                )
                if incoming.payload is None:  # a button's title is ours, and often English
                    note_language(conversation, heard=read.language, words=read.words)
                count_message(conversation, read.heard)
                turn = Turn(visitor, [], is_new=True)
            return turn, conversation, aftermath_of(session, conversation_id)

    def _beat(self, conversation_id: str, holder: str) -> bool:
        with self._context.database.transaction() as session:
            return beat_turn(session, conversation_id=conversation_id, holder=holder)

    def _finish(self, before: Conversation, visitor: Message, replies: list[Reply], holder: str) -> Turn:
        """Store the replies, unless staff took over or a crisis began while Rasa was thinking.

        From here on no action can store anything for this message.
        """
        now, settings = utc_now(), self._context.settings
        with self._context.database.transaction() as session:
            lock_conversation(session, before.id)
            conversation = session.get_one(Conversation, before.id)
            asked = session.get_one(Message, visitor.id, with_for_update=True)
            end_turn(session, conversation_id=before.id, holder=holder)
            if asked.answered_at and asked.client_id:  # by another process, which took this one for dead
                answered = find_turn(session, conversation_id=before.id, client_id=asked.client_id)
                return answered or Turn(asked, [], is_new=False)
            replies = list(
                with_outcome(
                    session,
                    message_id=visitor.id,
                    replies=replies,
                    clinic=settings.clinic,
                    url=settings.address,
                )
            )
            overtaken = conversation.epoch != before.epoch or conversation.state == ConversationState.staff
            stored = [
                add_message(session, conversation=conversation, reply=reply, now=now, turn_of=asked)
                for reply in ([] if overtaken else replies)
            ]
            if any(message.kind in NEW_SENDER_AFTER for message in stored):
                conversation.epoch += 1
            for reply in replies:
                if reply.kind in CRISIS_KINDS and not overtaken:  # of Rasa's second net
                    note_question(conversation, reply, now=now)
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


def _for_rasa(incoming: Incoming) -> str:
    """A tapped button goes through as it is; typed text loses the leading slash that Rasa takes for a command."""
    if incoming.payload is not None:
        return incoming.payload
    return incoming.text.strip().lstrip("/ \t").strip() or "?"
