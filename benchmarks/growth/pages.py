"""A turn's time against the pages that are open, each with an event stream, through `web`, one turn at a time."""

import resource
import time
from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks.bench.doors import Page, WebVisit
from benchmarks.bench.services import Whole, whole
from benchmarks.growth.asking import figures, questions, timed
from clinic.chat.conversations import start_conversation
from clinic.clock import utc_now
from clinic.db import Database
from clinic.settings import Settings

SIZES = (1, 50, 100, 250, 500, 1000, 2000)
TURNS, PER_VISIT = 80, 8


def measure(folder: Path, bar: Progress, small: bool) -> list[dict[str, Any]]:
    """`page_*`: from sending a message until its reply stands on the writer's own open page."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # one for each page here and in web
    pages: list[Page] = []
    points = []
    with whole(folder, Settings().model_dir) as service:
        database = Database(f"sqlite:///{folder / 'lotus.db'}")
        try:
            for size in SIZES[:3] if small else SIZES:
                for path, headers in bar.track(_conversations(database, size - 1 - len(pages)), description="opening"):
                    page = Page(service.port, path, headers)
                    page.read_until(b"data:")  # the disclosure, so the stream is there
                    pages.append(page)
                points.append({"pages": size, **_ask(service, bar, size)})
        finally:
            for page in pages:
                page.close()
            database.close()
    return points


def _conversations(database: Database, number: int) -> list[tuple[str, dict[str, str]]]:
    with database.transaction() as session:
        made = [start_conversation(session, clinic=Settings().clinic, now=utc_now()) for _ in range(max(0, number))]
        return [
            (f"/api/conversations/{conversation.id}", {"Authorization": f"Bearer {token}"})
            for conversation, token in made
        ]


def _ask(service: Whole, bar: Progress, size: int) -> dict[str, Any]:
    door, asked = service.door(), questions()
    answered, shown = [], []
    for number in bar.track(range(-1, TURNS // PER_VISIT), description=f"{size:,} open"):
        visit = door.enter()
        assert isinstance(visit, WebVisit)
        for _ in range(PER_VISIT):
            started = time.perf_counter()
            ms, replies = timed(visit, next(asked))
            visit.page.read_until(f"id: {replies[-1]['id']}".encode())
            if number >= 0:  # the first visit warms it up
                answered.append(ms)
                shown.append((time.perf_counter() - started) * 1000)
        visit.close()
    door.close()
    page = {f"page_{name}": value for name, value in figures(shown).items()}
    return {**figures(answered), **page, "web_rss_mb": service.memory()["web"]}
