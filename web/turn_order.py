"""Waiting for a conversation's turn and keeping it, over all `web` processes; the row is in clinic/chat/order.py."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError

from clinic.chat.order import Taken

BEAT_SECONDS = 1.0
LOST_SECONDS = 3.0  # two beats may be late on a busy machine; a killed process's visitor waits so long
LOOK_SECONDS = 0.1
MOST_BEATS = 20  # no turn takes longer; one that hangs for ever is lost in the end


async def when_free[T](attempt: Callable[[Taken | None], Awaitable[T | Taken]]) -> T:
    """What `attempt` returns once it is not Taken. It gets the turn that may be taken over, if there is one."""
    seen, since, lost = None, 0.0, None
    while True:
        found = await attempt(lost)
        if not isinstance(found, Taken):
            return found
        now = time.monotonic()
        if found != seen:
            seen, since = found, now
        lost = found if now - since >= LOST_SECONDS else None
        await asyncio.sleep(LOOK_SECONDS)


@asynccontextmanager
async def kept(beat: Callable[[], Awaitable[bool]]) -> AsyncIterator[None]:
    """The turn stays ours during the block."""
    beating = asyncio.create_task(_beat(beat))
    try:
        yield
    finally:
        beating.cancel()


async def _beat(beat: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(MOST_BEATS):
        await asyncio.sleep(BEAT_SECONDS)
        try:
            if not await beat():
                return
        except (SQLAlchemyError, TimeoutError):
            continue
