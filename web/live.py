"""Telling open pages that their conversation has something new.

The database is the queue: a stream reads what is newer than the last id it sent. This hub only wakes the streams,
at once for what this process stored, and within a poll for what another process did.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from clinic.db import Database
from clinic.models import Message
from web.typing_signal import TypingSignals

log = structlog.get_logger(__name__)
POLL_SECONDS = 1.0  # how late a message of another process (the worker, a second web) may reach a page


class LiveHub:
    """Wakes the streams of a conversation. Use from one event loop only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._newest = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self.typing = TypingSignals(self.wake)

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
        for event in self._streams.get(conversation_id, ()):
            event.set()

    def from_thread(self, work: Callable[[], None]) -> None:
        """Let the event loop of `poll` do it: nothing else here may be called from another thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(work)

    async def poll(self) -> None:
        """Runs for ever: looks for messages that other processes have stored."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                for conversation_id in await asyncio.to_thread(self._changed):
                    self.wake(conversation_id)
            except SQLAlchemyError as problem:
                log.warning("live.poll_failed", error=type(problem).__name__)
            await asyncio.sleep(POLL_SECONDS)

    def _changed(self) -> set[str]:
        with self._database.reading() as session:
            if not self._newest or not self._streams:
                self._newest = session.scalar(select(func.max(Message.id))) or 0
                return set()
            rows = session.execute(select(Message.id, Message.conversation_id).where(Message.id > self._newest)).all()
            self._newest = max((row.id for row in rows), default=self._newest)
            return {row.conversation_id for row in rows}
