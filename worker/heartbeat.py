"""A sign of life to a service such as healthchecks.io, which calls somebody when it stops."""

import threading
from datetime import datetime, timedelta

import httpx
import structlog

log = structlog.get_logger("worker")
EVERY = timedelta(seconds=60)
SECONDS = 5.0


class Heartbeat:
    """Asks the address once a minute, in a thread of its own: a slow answer must not hold up an alert."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._next_at: datetime | None = None

    def beat(self, *, now: datetime) -> None:
        if self._url and (self._next_at is None or now >= self._next_at):
            self._next_at = now + EVERY
            threading.Thread(target=self._send, name="heartbeat", daemon=True).start()

    def _send(self) -> None:
        try:
            httpx.get(self._url, timeout=SECONDS).raise_for_status()
        except httpx.HTTPError as problem:  # its text holds the address, which is a secret
            log.warning("heartbeat.failed", error=type(problem).__name__)
