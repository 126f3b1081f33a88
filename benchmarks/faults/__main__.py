"""`python -m benchmarks.faults --rounds 30 --minutes 90 --write docs/reliability.md`: kill -9 at every marked point.

Ends after so many rounds or minutes, whichever comes first, or with Ctrl-C; what was measured until then is kept.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.faults.loop import Outcome, break_at, put_on_call
from benchmarks.faults.summary import summary, write_into
from cli.scratch import running
from clinic.faults import POINTS
from tests.receivers import web_server

SETTINGS = {"LOTUS_FAULT_POINT": "file", "LOTUS_MESSAGES_PER_MINUTE": "100000", "LOTUS_LOG_LEVEL": "ERROR"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1, help="kills at each point")
    parser.add_argument("--minutes", type=float, default=60.0, help="no kill begins after so many")
    parser.add_argument("--points", nargs="*", default=POINTS, choices=POINTS)
    parser.add_argument("--write", type=Path, help="put the table between the marks of this file")
    chosen = parser.parse_args()
    needs_rasa = any(point.startswith(("rasa.", "actions.")) for point in chosen.points)
    parts = () if needs_rasa else ("web", "worker")
    outcomes: list[Outcome] = []
    started = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        tempfile.TemporaryDirectory() as folder,
        web_server() as one,
        web_server() as two,
        running(Path(folder), *parts, wait_for="/readyz" if needs_rasa else "/healthz", **SETTINGS) as service,
        Progress(*columns, TimeRemainingColumn()) as progress,
    ):
        put_on_call(service, one.address, two.address)
        task = progress.add_task("kills", total=chosen.rounds * len(chosen.points))
        try:
            for point in in_turn(chosen.points, rounds=chosen.rounds):
                if time.monotonic() - started > chosen.minutes * 60:
                    break
                progress.update(task, description=point)
                outcomes.append(break_at(service, point))
                progress.advance(task)
                if not outcomes[-1].passed:
                    progress.console.print(outcomes[-1])
        except KeyboardInterrupt:
            progress.console.print("ended by hand")
    minutes = (time.monotonic() - started) / 60
    words = summary(outcomes, points=chosen.points, minutes=minutes, on=datetime.now(UTC).date())
    print(f"\n{words}")
    if chosen.write:
        write_into(chosen.write, words)
    raise SystemExit(0 if outcomes and all(one.passed for one in outcomes) else 1)


def in_turn(points: Sequence[str], *, rounds: int) -> Iterator[str]:
    """Every point once a round, the parts by turns: one that was killed has time to come back meanwhile."""
    parts: dict[str, list[str]] = {}
    for point in points:
        parts.setdefault(point.split(".")[0], []).append(point)
    order = [point for some in zip_longest(*parts.values()) for point in some if point]
    for _ in range(rounds):
        yield from order


if __name__ == "__main__":
    main()
