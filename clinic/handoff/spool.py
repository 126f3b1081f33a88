"""Escalations the database could not take in time: one file each, until the worker has stored them."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from clinic.chat.conversations import add_message, find_turn, open_conversation
from clinic.chat.order import lock_conversation
from clinic.chat.reply import Reply
from clinic.db import Database
from clinic.errors import NotAllowed, NotFound
from clinic.faults import fault
from clinic.handoff.crisis_turn import take_crisis_message
from clinic.handoff.finding import Finding
from clinic.handoff.protocol import People, text
from clinic.models import Role

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Spooled:
    """What has to be stored later. The token is kept so that an unchecked one cannot write into a stranger's chat."""

    conversation_id: str
    token: str
    client_id: str
    text: str
    finding: Finding
    received_at: str  # ISO 8601, UTC


class Spool:
    """A folder of JSON files, readable by the service's user only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, entry: Spooled) -> Path:
        """Write, flush to disk and rename into place. Raises OSError where even that fails."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{entry.received_at.replace(':', '')}-{secrets.token_hex(4)}.json"
        partial = path.with_suffix(".partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(entry), file)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
        return path

    def waits_since(self, *, now: datetime) -> timedelta:
        """How long the oldest entry has been waiting; 0 where there is none."""
        written = []
        for path in self._folder.glob("*.json") if self._folder.is_dir() else []:
            with contextlib.suppress(FileNotFoundError):  # the worker has just stored it
                written.append(datetime.fromtimestamp(path.stat().st_mtime, UTC))
        return now - min(written) if written else timedelta()

    def entries(self) -> Iterator[tuple[Path, Spooled]]:
        """Oldest first. A file that cannot be read is set aside with the ending .unreadable, never deleted."""
        for path in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else []:
            try:
                raw = json.loads(path.read_text(encoding="utf-8"))
                yield path, Spooled(**{**raw, "finding": Finding(**raw["finding"])})
            except (ValueError, TypeError, KeyError):
                log.error("spool.unreadable", file=path.name)
                path.rename(path.with_suffix(".unreadable"))


def store_spooled(database: Database, spool: Spool, *, people: People, now: datetime) -> int:
    """Store what was spooled; returns how many. Stops at the first database error; the rest stays for later.

    Storing is idempotent by client_id, so a message that did commit after web had given up is not doubled.
    """
    stored = 0
    for path, entry in spool.entries():
        with database.transaction() as session:
            lock_conversation(session, entry.conversation_id)
            try:
                conversation = open_conversation(session, conversation_id=entry.conversation_id, token=entry.token)
            except (NotFound, NotAllowed) as problem:
                log.warning("spool.refused", file=path.name, reason=type(problem).__name__)
            else:
                known = find_turn(session, conversation_id=conversation.id, client_id=entry.client_id)
                take_crisis_message(
                    session,
                    conversation=conversation,
                    client_id=entry.client_id,
                    text=entry.text,
                    finding=entry.finding,
                    people=people,
                    now=datetime.fromisoformat(entry.received_at),
                )
                if known is None:
                    late = Reply("handoff", text("recorded_late", entry.finding.language))
                    add_message(session, conversation=conversation, reply=late, now=now, role=Role.notice)
        fault("worker.spool_stored")
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        stored += 1
    return stored
