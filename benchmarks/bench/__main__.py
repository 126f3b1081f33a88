"""`make bench`: stock Rasa and ours on the same conversations, in one run; docs/performance.md describes the method.

Prints tables and, as its last line, one JSON object. With `--stock-share` and `--stock-epochs` the stock model learns
from a part of each intent's examples, or for fewer epochs; it is trained once and kept in .tools/bench.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.bench import ours, services, stock
from benchmarks.bench.found import topics_found
from benchmarks.bench.load import Alarms, Load, quantile
from benchmarks.bench.report import LEVELS, by_kind, last_line, table, turns_row
from benchmarks.bench.stock import KEPT
from benchmarks.bench.talk import Conversation, Talk, shares
from cli.train import ENGINE
from clinic.settings import ROOT

SEED, WARM_UP = 1, 100
BLOCKS = 2  # a level is played in so many parts, stock and ours in turn, so that a busy hour is busy for both
ALARMS_PER_SECOND = 2.0


class Bench:
    def __init__(self, options: argparse.Namespace, folder: Path, console: Console) -> None:
        self._options, self._folder, self._console = options, folder, console
        self._talk = Talk(SEED)
        self._warm_up = self._talk.conversations(WARM_UP)
        self._levels = {level: self._blocks() for level in LEVELS}
        every = [one for blocks in self._levels.values() for block in blocks for one in block]
        self.measured: dict[str, Any] = {"shares": shares(every), "load_before": os.getloadavg()[0]}

    def _blocks(self) -> list[list[Conversation]]:
        return [self._talk.conversations(self._options.turns // BLOCKS) for _ in range(BLOCKS)]

    def train(self) -> None:
        self._say("training ours from nothing")
        seconds = ours.train(self._folder / "models")
        self._stock = stock.train(self._options.stock_share, self._options.stock_epochs)
        self.measured["training"] = {
            "ours_s": round(seconds, 1),
            "ours_examples": sum(map(len, stock.examples().values())),
            "stock_s": self._stock.train_s,
            "stock_share": self._stock.share,
            "stock_epochs": self._stock.epochs,
            "stock_examples": self._stock.examples,
        }

    def accuracy(self) -> None:
        self._say("asking both for the topics of unseen questions")
        places = {"ours": self._folder / "models/lotus-guide.tar.gz", "stock": self._stock.model}
        self.measured["accuracy"] = {side: topics_found(model, stock=side == "stock") for side, model in places.items()}

    def rest(self) -> None:
        """Both Rasas run; while one is asked the other one waits."""
        self._say("starting stock Rasa and ours")
        with (
            services.stock(self._folder / "stock", self._stock) as theirs,
            services.ours(self._folder / "ours", self._folder / "models") as own,
            self._bar() as bar,
        ):
            sides = (theirs, own)
            found: dict[str, Any] = {side.name: {"first_reply_s": round(side.first_reply_s, 1)} for side in sides}
            for side in sides:
                self._play(
                    bar, f"{side.name}, warm-up", lambda ids, side=side: side.door(ids), [self._warm_up], 4, side
                )
            for level, blocks in self._levels.items():
                loads = {side.name: [] for side in sides}
                for number, block in enumerate(blocks):
                    for side in sides if number % 2 else sides[::-1]:
                        name = f"{side.name}, {level} at once"
                        loads[side.name].append(self._play(bar, name, side.door, [block], level, side))
                for side in sides:
                    samples = _joined(loads[side.name])
                    found[side.name][str(level)] = turns_row(samples) | {"by_kind": by_kind(samples)}
            for side in sides:
                found[side.name]["rss_mb"] = round(side.rasa().memory_info().rss / 1e6)
        self.measured["rest"] = found

    def web(self) -> None:
        self._say("starting all of ours")
        alarm = self._talk.alarm()
        with (
            services.whole(self._folder / "whole", self._folder / "models", alarm) as service,
            self._bar() as bar,
        ):
            found: dict[str, Any] = {
                "cold_start_s": round(service.first_answer_s, 1),
                "first_crisis_s": round(service.first_crisis_s, 1),
            }
            self._play(bar, "web, warm-up", lambda _: service.door(), [self._warm_up], 4)
            alarms: list[float] = []
            unanswered = 0
            for level, blocks in self._levels.items():
                with Alarms(service.door, self._talk.alarm, ALARMS_PER_SECOND) as alarming:
                    samples = self._play(bar, f"web, {level} at once", lambda _: service.door(), blocks, level)
                found[str(level)] = turns_row(samples) | {"by_kind": by_kind(samples)}
                if level > 1:
                    alarms += alarming.taken
                    unanswered += alarming.unanswered
            found["crisis"] = {
                "turns": len(alarms),
                "p50_ms": round(statistics.median(alarms), 1),
                "p95_ms": round(quantile(alarms, 0.95), 1),
                "p99_ms": round(quantile(alarms, 0.99), 1),
                "unanswered": unanswered,
            }
            found["memory"] = service.memory()
        self.measured["web"] = found

    def _play(self, bar: Progress, name: str, door: Any, blocks: list[Any], visitors: int, side: Any = None) -> Any:
        turns = sum(len(one) for block in blocks for one in block)
        task = bar.add_task(name, total=turns)
        ids = side.conversations(sum(map(len, blocks))) if side else iter(())
        load = Load(lambda: door(ids), visitors, lambda: bar.advance(task))
        for block in blocks:
            load.play(block)
        load.close()
        bar.update(task, description=f"{name}: {load.samples.per_second:.1f} a second")
        return load.samples

    def _bar(self) -> Progress:
        columns = (TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self._console, refresh_per_second=1)

    def _say(self, what: str) -> None:
        self._console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {what}")


def _joined(samples: list[Any]) -> Any:
    first, *others = samples
    for other in others:
        first.taken += other.taken
        first.spans += other.spans
        first.silent += other.silent
        first.unlike += other.unlike
    return first


def draw(measured: dict[str, Any]) -> None:
    """The plots need matplotlib, which the engine has because Rasa brings it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / "bench.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    subprocess.run([str(ENGINE), "-m", "benchmarks.plots"], cwd=ROOT, check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stock-share", type=float, default=1.0, help="of each intent's examples, for stock Rasa")
    parser.add_argument("--stock-epochs", type=int, default=100)
    parser.add_argument("--turns", type=int, default=2000, help="at each of 1, 8 and 32 at once")
    options = parser.parse_args()
    services.use_two_cores()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    console = Console(stderr=True)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lotus-bench-")))
        bench = Bench(options, folder, console)
        for part in (bench.train, bench.accuracy, bench.rest, bench.web):
            part()
    draw(bench.measured)
    print(table(bench.measured))
    print(json.dumps(last_line(bench.measured)))


if __name__ == "__main__":
    main()
