"""The run: visitors talk all the time, and one process after the other is killed and comes back."""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.machines.fleet import Fleet, fleet
from benchmarks.machines.judge import Verdict, judge
from benchmarks.machines.visitors import Sent, Visitors
from clinic.db import Database
from clinic.models import Alert, Escalation
from tests.receivers import web_server

CALM_SECONDS = 6.0
OUT_SECONDS = 12.0  # without the process, before it is started again
SETTLES_SECONDS = 60.0
UP_AGAIN_SECONDS = 10.0  # stated: a message begun after a kill is answered properly within this


@dataclass
class Kill:
    """One process killed. Times are seconds; messages are those that were under way or begun until it was back."""

    name: str
    at: float
    back_at: float = 0.0
    messages: int = 0
    sent_again: int = 0
    safe_texts: int = 0
    slowest: float = 0.0
    slowest_crisis: float = 0.0
    up_again: float | None = None

    def note(self, sent: Sequence[Sent]) -> None:
        during = [one for one in sent if one.began_at < self.back_at and (one.answered_at or self.back_at) > self.at]
        proper = [
            one.answered_at - self.at
            for one in during
            if one.answered_at and one.began_at >= self.at and not one.is_safe_text
        ]
        self.messages, self.sent_again = len(during), sum(one.tries > 1 for one in during)
        self.safe_texts = sum(one.is_safe_text for one in during)
        self.slowest = max((one.seconds for one in during), default=0.0)
        self.slowest_crisis = max((one.seconds for one in during if one.is_crisis), default=0.0)
        self.up_again = min(proper, default=None)


@dataclass
class Report:
    """`calm`: the same figures before anything was killed, which says what the machine itself costs."""

    kills: list[Kill]
    verdict: Verdict
    calm: Kill
    start_seconds: float

    @property
    def problems(self) -> list[str]:
        late = [
            f"{kill.name}: not up again within {UP_AGAIN_SECONDS:.0f} s ({kill.up_again})"
            for kill in self.kills
            if kill.up_again is None or kill.up_again > UP_AGAIN_SECONDS
        ]
        return [*self.verdict.problems, *late]


def run(
    names: Sequence[str] | None = None, *, visitors: int = 3, say: Callable[[str], None] = lambda _: None
) -> Report:
    """`names`: which processes are killed, in this order; all of them, and Redis, where none are given."""
    with tempfile.TemporaryDirectory(prefix="lotus-machines-") as folder, web_server() as staff:
        started = time.monotonic()
        with fleet(Path(folder), alert_url=staff.address) as running:
            start_seconds = time.monotonic() - started
            say(f"all ready after {start_seconds:.0f} s")
            chosen = names or [*(one.name for one in running.processes), "redis"]
            return asyncio.run(_run(running, chosen, visitors, start_seconds, say))


async def _run(
    running: Fleet, names: Sequence[str], count: int, start_seconds: float, say: Callable[[str], None]
) -> Report:
    visitors = Visitors(running.url, running.certificate, count=count)
    talking = asyncio.create_task(visitors.run())
    kills: list[Kill] = []
    calm = Kill("nothing", time.monotonic())
    await asyncio.sleep(2 * CALM_SECONDS)
    calm.back_at = time.monotonic()
    try:
        for name in names:
            kill = Kill(name, time.monotonic())
            kills.append(kill)
            await asyncio.to_thread(_kill, running, name)
            await asyncio.sleep(OUT_SECONDS)
            await asyncio.to_thread(_restart, running, name)
            kill.back_at = time.monotonic()
            say(f"{name}: killed, back after {kill.back_at - kill.at:.0f} s")
            await asyncio.sleep(CALM_SECONDS)
    finally:
        visitors.stop()
    await talking
    for kill in [calm, *kills]:
        kill.note(visitors.sent)
    database = Database(running.database_url)
    try:
        await asyncio.to_thread(_settle, database)
        verdict = judge(database, visitors)
    finally:
        database.close()
    return Report(kills, verdict, calm, start_seconds)


def _kill(running: Fleet, name: str) -> None:
    running.redis.kill() if name == "redis" else running.named(name).kill()


def _restart(running: Fleet, name: str) -> None:
    running.redis.start() if name == "redis" else running.named(name).restart()


def _settle(database: Database) -> None:
    """Until every escalation has been alerted, or for a while."""
    give_up = time.monotonic() + SETTLES_SECONDS
    delivered = select(Alert.escalation_id).where(Alert.delivered_at.is_not(None))
    waiting = select(func.count()).select_from(Escalation).where(Escalation.id.not_in(delivered))
    while time.monotonic() < give_up:
        with contextlib.suppress(Exception), database.reading() as session:
            if not session.scalar(waiting):
                return
        time.sleep(0.5)
