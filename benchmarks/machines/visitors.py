"""Visitors over HTTPS and an event stream, who send a message again until it is taken, as the widget does."""

import asyncio
import contextlib
import json
import secrets
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

CRISIS = "i want to die"
QUESTIONS = ("how does ketamine work?", "how much does it cost?", "is it safe?", "how long does a session take?")
BOOKING = (
    "can somebody call me as soon as possible",
    "Dana",
    "18 or older",
    "801-555-0123",
    "a first evaluation",
    "yes",
)
PAUSE, AGAIN = 1.0, 0.5
GIVES_UP = 10.0  # the widget's, for one request
LOST_AFTER = 90.0  # not taken by then: lost
CATCH_UP = 20.0


@dataclass
class Sent:
    """One message: when it was first sent, when its answer came, how often it had to be sent."""

    conversation: str
    client_id: str
    words: str
    began_at: float
    answered_at: float | None = None
    tries: int = 0
    replies: list[dict[str, Any]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return (self.answered_at or time.monotonic()) - self.began_at

    @property
    def is_crisis(self) -> bool:
        return self.words == CRISIS

    @property
    def is_spooled(self) -> bool:
        """A crisis reply without ids: the database did not take it in time; it is stored later, out of its place."""
        return any(reply["id"] is None for reply in self.replies)

    @property
    def is_safe_text(self) -> bool:
        return any(reply["kind"] == "safe_text" for reply in self.replies)

    @property
    def has_resources(self) -> bool:
        return any("988" in reply["text"] and "911" in reply["text"] for reply in self.replies)


@dataclass
class Conversation:
    id: str
    sent: list[Sent] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Visitors:
    """Some that talk at the same time, conversation after conversation, until they are told to stop."""

    def __init__(self, url: str, certificate: Path, *, count: int) -> None:
        trust = ssl.create_default_context(cafile=str(certificate))
        self._http = httpx.AsyncClient(base_url=url, verify=trust, trust_env=False, timeout=GIVES_UP)
        self._count, self._stopping = count, asyncio.Event()
        self.conversations: list[Conversation] = []

    @property
    def sent(self) -> Sequence[Sent]:
        return [one for conversation in self.conversations for one in conversation.sent]

    async def run(self) -> None:
        """Ends when the conversations that were under way at `stop` are over."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._count):
                group.create_task(self._talk_on(number))
        await self._http.aclose()

    def stop(self) -> None:
        self._stopping.set()

    async def _talk_on(self, number: int) -> None:
        while not self._stopping.is_set():
            script = script_of(number)
            number += 1
            with contextlib.suppress(_Lost):
                await self._talk(script)

    async def _talk(self, script: Sequence[str]) -> None:
        started = await self._start()
        if started is None:
            return
        conversation = Conversation(started["id"])
        self.conversations.append(conversation)
        headers = {"Authorization": f"Bearer {started['token']}"}
        listening = asyncio.create_task(self._listen(conversation, headers))
        try:
            for words in script:
                await self._say(conversation, words, headers)
                await asyncio.sleep(PAUSE)
            await self._catch_up(conversation, headers)
        finally:
            listening.cancel()

    async def _start(self) -> dict[str, Any] | None:
        while not self._stopping.is_set():
            with contextlib.suppress(httpx.HTTPError):
                answer = await self._http.post("/api/conversations")
                if answer.status_code == 201:
                    return answer.json()
            await asyncio.sleep(AGAIN)
        return None

    async def _say(self, conversation: Conversation, words: str, headers: dict[str, str]) -> None:
        one = Sent(conversation.id, secrets.token_hex(8), words, time.monotonic())
        conversation.sent.append(one)
        body = {"client_id": one.client_id, "text": words}
        while one.seconds < LOST_AFTER:
            one.tries += 1
            with contextlib.suppress(httpx.HTTPError):
                answer = await self._http.post(
                    f"/api/conversations/{conversation.id}/messages", json=body, headers=headers
                )
                if answer.status_code == 200:
                    one.answered_at, one.replies = time.monotonic(), answer.json()["messages"][1:]
                    return
            await asyncio.sleep(AGAIN)
        raise _Lost

    async def _listen(self, conversation: Conversation, headers: dict[str, str]) -> None:
        """The event stream, resumed where it was cut off."""
        path = f"/api/conversations/{conversation.id}/events"
        while True:
            resume = headers | {"Last-Event-ID": str(conversation.seen[-1] if conversation.seen else 0)}
            with contextlib.suppress(httpx.HTTPError):
                async with self._http.stream("GET", path, headers=resume, timeout=httpx.Timeout(5, read=30)) as stream:
                    event = ""
                    async for line in stream.aiter_lines():
                        if line.startswith("event:"):
                            event = line[6:].strip()
                        elif line.startswith("data:") and event == "message":
                            conversation.seen.append(json.loads(line[5:])["id"])
                            conversation.news.set()
            await asyncio.sleep(AGAIN)

    async def _catch_up(self, conversation: Conversation, headers: dict[str, str]) -> None:
        """Until the stream has shown what was answered, or for some seconds."""
        wanted = {reply["id"] for one in conversation.sent for reply in one.replies if reply["id"]}
        give_up = time.monotonic() + CATCH_UP
        while not wanted <= set(conversation.seen) and time.monotonic() < give_up:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(conversation.news.wait(), 1)
            conversation.news.clear()


class _Lost(Exception):
    """The message was never taken; the conversation ends here."""


def script_of(number: int) -> Sequence[str]:
    """In turn: questions, a booking, questions with a crisis in the middle."""
    asked = [QUESTIONS[(number + one) % len(QUESTIONS)] for one in range(4)]
    return [asked, BOOKING, [*asked[:2], CRISIS, *asked[2:]]][number % 3]
