"""Telling open pages that their conversation has something new.

The database is the queue: a stream reads what is newer than the last id it sent. This hub only wakes the streams:
at once for what this process stored, and for what another `web` told through Redis; within a poll for anything else.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from clinic.db import Database
from clinic.models import Message
from web.fanout import FanOut, News
from web.typing_signal import Side, Signal, TypingSignals

log = structlog.get_logger(__name__)
POLL_SECONDS = 1.0  # how late a message of another process (the worker; a second web without Redis) may reach a page
# On PostgreSQL a smaller id may be committed after a larger one of another conversation: by so much later it is found.
LOOK_BACK_SECONDS = 10.0


class LiveHub:
    """Wakes the streams of a conversation. Use from one event loop only."""

    def __init__(self, database: Database, fanout: FanOut | None = None) -> None:
        self._database, self._fanout = database, fanout
        self._streams: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._newest: deque[tuple[float, int]] = deque()  # the largest id at each poll of the last seconds
        self._known: set[int] = set()  # the ids found since the oldest of them
        self._loop: asyncio.AbstractEventLoop | None = None
        self.typing = TypingSignals(self._wake_here, tell=self._tell_typing)

    @contextmanager
    def subscribe(self, conversation_id: str) -> Iterator[asyncio.Event]:
        """An event that is set when there is something new; the caller clears it before it reads."""
        event = asyncio.Event()
        self._streams[conversation_id].add(event)
        try:
            yield event
        finally:
            self._streams[conversation_id].discard(event)
            if not self._streams[conversation_id]:
                del self._streams[conversation_id]

    def wake(self, conversation_id: str) -> None:
        """This process has stored something."""
        self._wake_here(conversation_id)
        if self._fanout:
            self._fanout.tell(what="stored", conversation=conversation_id)

    def from_thread(self, work: Callable[[], None]) -> None:
        """Let the event loop of `poll` do it: nothing else here may be called from another thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(work)

    def hear(self, news: News) -> None:
        """What another process told."""
        if news["what"] in ("typing", "stopped"):
            self.typing.hear(news["what"], news["conversation"], news["side"])
        else:
            self._wake_here(news["conversation"])

    async def poll(self) -> None:
        """Runs for ever: looks for messages that other processes have stored."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                for conversation_id in await asyncio.to_thread(self._changed):
                    self._wake_here(conversation_id)
            except SQLAlchemyError as problem:
                log.warning("live.poll_failed", error=type(problem).__name__)
            await asyncio.sleep(POLL_SECONDS)

    def _wake_here(self, conversation_id: str) -> None:
        for event in self._streams.get(conversation_id, ()):
            event.set()

    def _tell_typing(self, signal: Signal, conversation_id: str, side: Side) -> None:
        if self._fanout:
            self._fanout.tell(what=signal, conversation=conversation_id, side=side)

    def _changed(self) -> set[str]:
        now = time.monotonic()
        with self._database.reading() as session:
            if not self._newest:
                self._newest.append((now, session.scalar(select(func.max(Message.id))) or 0))
                return set()
            while len(self._newest) > 1 and self._newest[1][0] < now - LOOK_BACK_SECONDS:
                self._newest.popleft()
            oldest = self._newest[0][1]
            rows = session.execute(select(Message.id, Message.conversation_id).where(Message.id > oldest)).all()
        found = {row.id: row.conversation_id for row in rows}
        changed = {found[number] for number in found.keys() - self._known}
        self._newest.append((now, max(found, default=oldest)))
        self._known = set(found)
        return changed
