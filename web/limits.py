"""Rate limits: how many messages a conversation, and how many new conversations an address may send."""

from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from clinic.settings import Settings
from web.errors import Refused


class RateLimits:
    """Moving windows in this process's memory. Addresses are used as keys and stored nowhere else."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._messages = RateLimitItemPerMinute(settings.messages_per_minute)
        self._conversations = RateLimitItemPerHour(settings.conversations_per_hour)

    async def count_message(self, conversation_id: str) -> None:
        """Raises Refused (429) where the conversation has sent too many in the last minute."""
        if not await self._limiter.hit(self._messages, "message", conversation_id):
            raise Refused(429, "rate_limited")

    async def count_conversation(self, address: str) -> None:
        """Raises Refused (429) where the address has opened too many in the last hour."""
        if not await self._limiter.hit(self._conversations, "conversation", address):
            raise Refused(429, "rate_limited")
