"""How a turn's time grows: `.venv/bin/python -m benchmarks.growth conversation|messages|pages|examples [--small]`.

    conversation   with the length of the conversation, 1 to 500 turns
    messages       with the messages that are stored, 0 to 2 million
    pages          with the pages that are open, 1 to 2,000 event streams
    examples       with the examples that are learned from, 1,000 to all

Each starts services of its own on free ports, takes 2 to 15 minutes on an idle machine, writes its points to
.tools/bench/growth.json, from which the curves are drawn, and prints a table and one JSON object. `--small` measures
fewer points, to see that it works.
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.bench.services import use_two_cores
from benchmarks.bench.stock import KEPT
from benchmarks.growth import conversation, examples, messages, pages
from cli.train import ENGINE, is_trained, train
from clinic.settings import ROOT, Settings

KEPT_POINTS = KEPT / "growth.json"
Point = dict[str, Any]
CURVES: dict[str, Callable[[Path, Progress, bool], list[Point]]] = {
    "conversation": conversation.measure,
    "messages": messages.measure,
    "pages": pages.measure,
    "examples": examples.measure,
}


def table(points: list[Point]) -> str:
    names = list(points[0])
    lines = [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *(f"| {' | '.join(str(point[name]) for name in names)} |" for point in points)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("curve", choices=list(CURVES))
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    use_two_cores()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not is_trained(Settings()):
        train(Settings())
    columns = (TextColumn("{task.description:28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    load = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory(prefix="lotus-growth-") as folder,
        Progress(*columns, console=Console(stderr=True), refresh_per_second=1) as bar,
    ):
        points = CURVES[options.curve](Path(folder), bar, options.small)
    known = json.loads(KEPT_POINTS.read_text()) if KEPT_POINTS.is_file() else {}
    known[options.curve] = {"points": points, "small": options.small, "load_before": load}
    KEPT.mkdir(parents=True, exist_ok=True)
    KEPT_POINTS.write_text(json.dumps(known, indent=1) + "\n")
    subprocess.run([str(ENGINE), "-m", "benchmarks.plots"], cwd=ROOT, check=False)
    print(table(points))
    print(json.dumps({"curve": options.curve, "load_before": load, "points": points}))


if __name__ == "__main__":
    main()
