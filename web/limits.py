"""Rate limits: how many messages a conversation, and how many new conversations an address may send."""

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from clinic.settings import Settings
from web.errors import Refused

# A clinic's staff often share one address. Twenty wrong ones in 15 minutes are more than a shift's slips.
FAILED_SIGN_INS, SIGN_IN_MINUTES = 20, 15
SIGNALS_PER_MINUTE = 40  # an open page signals every 3 s while somebody types


class RateLimits:
    """Moving windows in this process's memory. Addresses are used as keys and stored nowhere else."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._messages = RateLimitItemPerMinute(settings.messages_per_minute)
        self._conversations = RateLimitItemPerHour(settings.conversations_per_hour)
        self._sign_ins = RateLimitItemPerMinute(FAILED_SIGN_INS, SIGN_IN_MINUTES)
        self._signals = RateLimitItemPerMinute(SIGNALS_PER_MINUTE)

    async def count_message(self, conversation_id: str) -> None:
        """Raises Refused (429) where the conversation has sent too many in the last minute."""
        if not await self._limiter.hit(self._messages, "message", conversation_id):
            raise Refused(429, "rate_limited")

    async def count_conversation(self, address: str) -> None:
        """Raises Refused (429) where the address has opened too many in the last hour."""
        if not await self._limiter.hit(self._conversations, "conversation", address):
            raise Refused(429, "rate_limited")

    async def is_sign_in_blocked(self, address: str) -> bool:
        """Whether too many sign-ins from there have failed lately. Asking does not count."""
        return not await self._limiter.test(self._sign_ins, "sign_in", address)

    async def count_failed_sign_in(self, address: str) -> None:
        await self._limiter.hit(self._sign_ins, "sign_in", address)

    async def count_signal(self, side: str, conversation_id: str) -> bool:
        """Whether this "is typing" may be passed on."""
        return await self._limiter.hit(self._signals, "typing", side, conversation_id)
