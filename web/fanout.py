"""Telling the other `web` processes, through Redis, what has changed: ids and who types, never words.

It is only the fast way. Who hears nothing finds stored messages in the database within a second (web/live.py).
"""

import asyncio
import contextlib
import json
import secrets
from collections.abc import Callable
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
CHANNEL = "lotus:live"
AGAIN_SECONDS = 1.0
WAITING = 1_000  # what cannot be told by then is found in the database
CONNECT_SECONDS = 2.0

News = dict[str, Any]


class FanOut:
    """One per process. Use from one event loop; `run` does the work until it is cancelled."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS, health_check_interval=10)
        self._own = secrets.token_hex(8)
        self._waiting: asyncio.Queue[str] = asyncio.Queue(WAITING)

    def tell(self, **news: str) -> None:
        """Never waits, never fails."""
        with contextlib.suppress(asyncio.QueueFull):
            self._waiting.put_nowait(json.dumps({"by": self._own, **news}))

    async def run(self, hear: Callable[[News], None]) -> None:
        try:
            await asyncio.gather(self._again(self._send), self._again(lambda: self._listen(hear)))
        finally:
            await self._redis.aclose()

    async def _again(self, work: Callable[[], Any]) -> None:
        while True:
            try:
                await work()
            except (RedisError, OSError, TimeoutError) as problem:
                log.warning("fanout.lost", error=type(problem).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _send(self) -> None:
        while True:
            news = await self._waiting.get()
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._redis.publish(CHANNEL, news)

    async def _listen(self, hear: Callable[[News], None]) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as subscribed:
            await subscribed.subscribe(CHANNEL)
            async for message in subscribed.listen():
                try:
                    news = json.loads(message["data"])
                    if news.pop("by") != self._own:
                        hear(news)
                except (ValueError, KeyError, TypeError, AttributeError):
                    log.warning("fanout.unreadable")
