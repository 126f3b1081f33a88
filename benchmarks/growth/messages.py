"""A turn's time against the messages that the database holds (SQLite), through `web`, one at a time."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks.bench.services import whole
from benchmarks.bench.talk import Talk
from benchmarks.growth.asking import figures, questions, timed
from clinic.migrate import migrate
from clinic.settings import Settings

SIZES = (0, 10_000, 100_000, 500_000, 2_000_000)
PER_CONVERSATION = 10
TURNS, PER_VISIT, ALARMS = 160, 8, 40
BATCH = 1_000  # conversations in a transaction


def measure(folder: Path, bar: Progress, small: bool) -> list[dict[str, Any]]:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "lotus.db"
    migrate(f"sqlite:///{file}")
    points, stored = [], 0
    for size in SIZES[:3] if small else SIZES:
        fill(file, stored, size, bar)
        stored = size
        points.append({"stored": size, **_ask(folder, bar, size), "database_mb": round(file.stat().st_size / 1e6)})
    return points


def _ask(folder: Path, bar: Progress, size: int) -> dict[str, Any]:
    talk, asked = Talk(seed=size), questions()
    ordinary, crisis = [], []
    with whole(folder, Settings().model_dir) as service:
        door = service.door()
        for number in bar.track(range(-2, TURNS // PER_VISIT), description=f"{size:,} stored: asking"):
            visit = door.enter()
            taken = [timed(visit, next(asked))[0] for _ in range(PER_VISIT)]
            ordinary += taken if number >= 0 else []  # the first two warm it up
            visit.close()
        for _ in bar.track(range(ALARMS), description=f"{size:,} stored: alarms"):
            visit = door.enter()
            crisis.append(timed(visit, talk.alarm())[0])
            visit.close()
        memory = sum(service.memory().values())
    return {**figures(ordinary), **{f"crisis_{k}": v for k, v in figures(crisis).items()}, "rss_mb": memory}


def fill(file: Path, begin: int, end: int, bar: Progress) -> None:
    """Adds messages `begin` to `end`, of the last four weeks, ten to a conversation."""
    conversations = range(begin // PER_CONVERSATION, end // PER_CONVERSATION)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA synchronous=OFF")
        for first in bar.track(range(conversations.start, conversations.stop, BATCH), description=f"storing {end:,}"):
            some = range(first, min(first + BATCH, conversations.stop))
            with database:
                database.executemany(
                    "INSERT INTO conversations (id, token_hash, state, epoch, crisis_replies, flagged, withholds, "
                    "says_minor, safety_messages, language, created_at, last_visitor_at) "
                    "VALUES (?, 'x', 'assistant', 0, 0, 0, 0, 0, 0, 'en', ?, ?)",
                    [(f"grown-{number}", _when(number), _when(number)) for number in some],
                )
                database.executemany(
                    "INSERT INTO messages (conversation_id, client_id, role, kind, topic, text, buttons, sources, "
                    "created_at, answered_at) VALUES (?, ?, ?, ?, ?, ?, '[]', '[]', ?, ?)",
                    (row for number in some for row in _messages(number)),
                )
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _messages(number: int) -> Iterator[tuple[Any, ...]]:
    conversation, when = f"grown-{number}", _when(number)
    for turn in range(PER_CONVERSATION // 2):
        yield conversation, f"{turn}", "visitor", None, None, "how long does it take until it works for me", when, when
        yield conversation, None, "assistant", "answer", "onset", "A sentence of an answer. " * 16, when, None


def _when(number: int) -> str:
    """As SQLAlchemy stores a time in SQLite."""
    moment = datetime.now(UTC) - timedelta(minutes=10 + number % 40_000)
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")
