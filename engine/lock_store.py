"""One message at a time per conversation, over all Rasa processes that share a Redis.

Rasa's own Redis store keeps the tickets of a killed process for a minute, in which its conversations get no answer,
looks once a second whether a message's turn has come, and answers nothing where Redis is gone. Here a lock is a lease
that its process renews: it ends three seconds after the process. Without Redis (none is set, or it does not answer) the
messages of this process still come one after the other; `web` lets only one of a conversation through at a time anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from contextlib import asynccontextmanager
from typing import AsyncGenerator, Optional, Text
from weakref import WeakValueDictionary

import redis.asyncio
from rasa.core.lock import TicketLock
from rasa.core.lock_store import LockError, LockStore
from rasa.utils.endpoints import EndpointConfig
from redis.asyncio.lock import Lock
from redis.exceptions import RedisError

logger = logging.getLogger("lotus.locks")
LEASE_SECONDS, RENEW_SECONDS = 3.0, 0.8
WAIT_SECONDS = 5.0  # web gives a turn six
LOOK_SECONDS = 0.05
ANSWER_SECONDS = 1.0  # of Redis
REST_SECONDS = 5.0  # a Redis that does not answer is not asked for so long


class SharedLockStore(LockStore):
    """`url` in endpoints.yml is a redis:// or rediss:// URL, or empty."""

    def __init__(self, endpoint_config: EndpointConfig) -> None:
        self._url = endpoint_config.url or ""
        self._here: WeakValueDictionary[Text, asyncio.Lock] = WeakValueDictionary()
        self._redis: Optional[redis.asyncio.Redis] = None
        self._rests_until = 0.0
        super().__init__()

    @asynccontextmanager
    async def lock(
        self, conversation_id: Text, lock_lifetime: float = LEASE_SECONDS, wait_time_in_seconds: float = LOOK_SECONDS
    ) -> AsyncGenerator[TicketLock, None]:
        """Raises LockError where another process has the conversation for too long."""
        here = self._here.setdefault(conversation_id, asyncio.Lock())
        async with here:
            lease = await self._take(conversation_id)
            renewing = asyncio.ensure_future(self._renew(lease)) if lease else None
            try:
                yield TicketLock(conversation_id)
            finally:
                if lease and renewing:
                    renewing.cancel()
                    with contextlib.suppress(RedisError, OSError, asyncio.TimeoutError):
                        await lease.release()

    async def _take(self, conversation_id: Text) -> Optional[Lock]:
        if not self._url or time.monotonic() < self._rests_until:
            return None
        if self._redis is None:
            self._redis = redis.asyncio.Redis.from_url(
                self._url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS
            )
        lease = Lock(
            self._redis,
            f"lotus:turn:{conversation_id}",
            timeout=LEASE_SECONDS,
            sleep=LOOK_SECONDS,
            blocking_timeout=WAIT_SECONDS,
            thread_local=False,
        )
        try:
            taken = await lease.acquire()
        except (RedisError, OSError, asyncio.TimeoutError) as problem:
            self._rests_until = time.monotonic() + REST_SECONDS
            logger.warning("Redis does not answer", exc_info=problem)
            return None
        if not taken:
            raise LockError(f"Could not acquire lock for conversation_id '{conversation_id}'.")
        return lease

    async def _renew(self, lease: Lock) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with contextlib.suppress(RedisError, OSError, asyncio.TimeoutError):
                await lease.reacquire()
