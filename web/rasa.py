"""Asking Rasa. Whatever is not a usable answer in time is one exception."""

import asyncio
import hashlib
import time
from collections.abc import Sequence

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from clinic.chat.reply import Button, Reply, Source

KINDS = frozenset(
    [
        "answer",
        "clarify",
        "smalltalk",
        "boundary",
        "booking",
        "crisis",
        "medical_emergency",
        "handoff",
        "fallback",
        "safe_text",
    ]
)


CONNECT_SECONDS = 1.0  # where there is another one to ask
REST_SECONDS = 5.0
# The connection could not be made, or broke: the process behind it is gone. Not: it is there and says nothing.
UNREACHED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)


class RasaFailed(Exception):
    """No answer to show. `cause` is one of: unreachable, timeout, status, malformed, empty."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str
    text: str = Field(min_length=1)
    topic: str | None = None
    buttons: list[Button] = []
    sources: list[Source] = []


class _Message(BaseModel):
    """What Rasa's REST channel returns for one json_message of an action."""

    custom: _Said


ANSWER = TypeAdapter(list[_Message])


class RasaClient:
    """Rasa's REST channel at one address, or at several that stand in for each other.

    A conversation keeps to its address while that one answers. One that could not be reached, or was silent for a whole
    turn, is asked last for some seconds. Where the connection breaks the next one is asked at once: what an action did
    for this message is not done again (docs/decisions/0016-several-machines.md). No proxy settings are read.
    """

    def __init__(self, urls: Sequence[str], *, seconds: float) -> None:
        self._urls, self._seconds = list(urls), seconds
        self._resting: dict[str, float] = {}
        self._http = httpx.AsyncClient(
            trust_env=False,
            timeout=httpx.Timeout(seconds, connect=seconds if len(urls) == 1 else CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
        )

    async def ask(self, *, sender: str, text: str, metadata: dict[str, object]) -> list[Reply]:
        """Rasa's replies to one message. Raises RasaFailed, never anything else for a failure of Rasa's."""
        body = {"sender": sender, "message": text, "metadata": metadata}
        order = self._order(sender)
        asked, failed = order[0], None
        try:
            async with asyncio.timeout(self._seconds):  # the whole turn; httpx's own limits are per step
                for asked in order:
                    try:
                        response = await self._http.post(f"{asked}/webhooks/rest/webhook", json=body)
                        break
                    except UNREACHED as problem:
                        failed = problem
                        self._rest(asked)
                else:
                    raise RasaFailed("unreachable") from failed
        except (httpx.TimeoutException, TimeoutError) as problem:
            self._rest(asked)
            raise RasaFailed("timeout") from problem
        except httpx.HTTPError as problem:
            raise RasaFailed("unreachable") from problem
        if response.status_code != 200:
            raise RasaFailed("status")
        try:
            said = [message.custom for message in ANSWER.validate_json(response.content)]
        except ValidationError as problem:
            raise RasaFailed("malformed") from problem
        if not said:
            raise RasaFailed("empty")
        if any(one.kind not in KINDS for one in said):
            raise RasaFailed("malformed")
        return [Reply(one.kind, one.text, one.topic, one.buttons, one.sources) for one in said]

    async def close(self) -> None:
        await self._http.aclose()

    def _order(self, sender: str) -> list[str]:
        """All addresses, the conversation's own first, those that rest last; a single one twice.

        Behind one address may be several processes (a Kubernetes service), and a kept connection may have ended.
        """
        conversation, now = sender.rpartition(":")[0] or sender, time.monotonic()
        drawn = sorted(self._urls, key=lambda url: hashlib.sha256(f"{conversation} {url}".encode()).digest())
        order = sorted(drawn, key=lambda url: self._resting.get(url, 0.0) > now)
        return order if len(order) > 1 else order * 2

    def _rest(self, url: str) -> None:
        self._resting[url] = time.monotonic() + REST_SECONDS
