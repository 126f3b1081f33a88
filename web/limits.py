"""Rate limits: how many messages a conversation, and how many new conversations an address may send."""

import asyncio
import hashlib
import hmac
import time

import structlog
from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from clinic.settings import Settings
from web.errors import Refused

log = structlog.get_logger(__name__)
# A clinic's staff often share one address. Twenty wrong ones in 15 minutes are more than a shift's slips.
FAILED_SIGN_INS, SIGN_IN_MINUTES = 20, 15
SIGNALS_PER_MINUTE = 40  # an open page signals every 3 s while somebody types
SHARED_SECONDS = 0.25  # a visitor waits no longer for a count; Redis answers in a few milliseconds
REST_SECONDS = 10.0  # so long nothing is asked of a Redis that did not answer


class RateLimits:
    """Moving windows, shared by all `web` processes through LOTUS_REDIS_URL, or else in this process's memory.

    Where Redis does not answer, each process counts by itself: a limit may be passed for some time, nobody is refused
    for it. What counts is stored as a keyed hash, never an address, and no longer than its window.
    """

    def __init__(self, settings: Settings) -> None:
        url = settings.redis_url.get_secret_value()
        self._key = settings.secret.encode()
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._redis = _storage(url) if url else None
        self._shared = MovingWindowRateLimiter(self._redis) if self._redis else None
        self._rests_until = 0.0
        self._messages = RateLimitItemPerMinute(settings.messages_per_minute)
        self._conversations = RateLimitItemPerHour(settings.conversations_per_hour)
        self._sign_ins = RateLimitItemPerMinute(FAILED_SIGN_INS, SIGN_IN_MINUTES)
        self._signals = RateLimitItemPerMinute(SIGNALS_PER_MINUTE)

    async def count_message(self, conversation_id: str) -> None:
        """Raises Refused (429) where the conversation has sent too many in the last minute."""
        if not await self._hit(self._messages, "message", conversation_id):
            raise Refused(429, "rate_limited")

    async def count_conversation(self, address: str) -> None:
        """Raises Refused (429) where the address has opened too many in the last hour."""
        if not await self._hit(self._conversations, "conversation", address):
            raise Refused(429, "rate_limited")

    async def is_sign_in_blocked(self, address: str) -> bool:
        """Whether too many sign-ins from there have failed lately. Asking does not count."""
        return not await self._ask("test", self._sign_ins, "sign_in", address)

    async def count_failed_sign_in(self, address: str) -> None:
        await self._hit(self._sign_ins, "sign_in", address)

    async def count_signal(self, side: str, conversation_id: str) -> bool:
        """Whether this "is typing" may be passed on."""
        return await self._hit(self._signals, f"typing {side}", conversation_id)

    async def close(self) -> None:
        if self._redis:
            await self._redis.bridge.get_connection().aclose()  # type: ignore[union-attr]

    async def _hit(self, limit: RateLimitItem, what: str, who: str) -> bool:
        return await self._ask("hit", limit, what, who)

    async def _ask(self, method: str, limit: RateLimitItem, what: str, who: str) -> bool:
        keys = (what, hmac.new(self._key, who.encode(), hashlib.sha256).hexdigest()[:24])
        if self._shared and time.monotonic() >= self._rests_until:
            try:
                async with asyncio.timeout(SHARED_SECONDS):
                    return await getattr(self._shared, method)(limit, *keys)
            except (StorageError, OSError, TimeoutError) as problem:
                self._rests_until = time.monotonic() + REST_SECONDS
                log.warning("limits.not_shared", error=type(problem).__name__)
        return await getattr(self._own, method)(limit, *keys)


def _storage(url: str) -> RedisStorage:
    """Connects with the first question."""
    return RedisStorage(
        f"async+{url}",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="lotus:limits",
        socket_connect_timeout=SHARED_SECONDS,
    )
