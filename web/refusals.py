"""Refusals that strangers can cause, counted in memory and written to the audit trail every few seconds.

One row per refusal would let anybody fill the disk and keep the database's writer busy, which a crisis needs.
"""

import asyncio
import threading
from collections import Counter

import structlog
from sqlalchemy.exc import SQLAlchemyError

from clinic.audit import record
from clinic.clock import utc_now
from clinic.db import Database

log = structlog.get_logger(__name__)
WRITE_SECONDS = 5.0
MOST_KINDS = 1_000  # of tag and address; more than that in five seconds is one flood
ELSEWHERE = "many"


class Refusals:
    """`note` may be called from any thread; `keep_writing` runs as a task, `write` once more at the end."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()

    def note(self, tag: str, *, address: str, path: str = "") -> None:
        """`path` is a route's pattern: it holds no id and nothing that somebody typed."""
        key = (tag, address, path)
        with self._lock:
            if key not in self._counts and len(self._counts) >= MOST_KINDS:
                key = (tag, ELSEWHERE, "")
            self._counts[key] += 1

    async def keep_writing(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            await asyncio.to_thread(self._store, counts)
        except SQLAlchemyError as problem:
            log.error("refusals.not_written", error=type(problem).__name__)
            with self._lock:
                self._counts.update(counts)

    def _store(self, counts: Counter[tuple[str, str, str]]) -> None:
        with self._database.transaction() as session:
            for (tag, address, path), count in counts.items():
                details = {"count": count, "address": address} | ({"path": path} if path else {})
                record(session, tag, actor="stranger", subject_id="console", now=utc_now(), details=details)
