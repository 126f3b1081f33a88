"""Asking Rasa. Whatever is not a usable answer in time is one exception."""

import asyncio

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
    """Rasa's REST channel. One connection pool; no proxy settings are read, Rasa is on loopback."""

    def __init__(self, url: str, *, seconds: float) -> None:
        self._seconds = seconds
        self._http = httpx.AsyncClient(
            base_url=url,
            trust_env=False,
            timeout=httpx.Timeout(seconds),
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
        )

    async def ask(self, *, sender: str, text: str, metadata: dict[str, object]) -> list[Reply]:
        """Rasa's replies to one message. Raises RasaFailed, never anything else for a failure of Rasa's."""
        body = {"sender": sender, "message": text, "metadata": metadata}
        try:
            async with asyncio.timeout(self._seconds):  # the whole turn; httpx's own limits are per step
                response = await self._http.post("/webhooks/rest/webhook", json=body)
        except (httpx.TimeoutException, TimeoutError) as problem:
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
