"""This checkout's Rasa beside another one's: `.venv/bin/python -m benchmarks.side_by_side OTHER [--turns 200]`.

OTHER is a folder with another state of this repository, set up and trained. Both services run at the same time and get
the same held-out questions in turn, five to a conversation, so that a busy machine is as busy for one as for the other.
`core_ms` is what a turn costs the rasa process on a core, whoever else runs. The last line is one JSON object.
"""

import argparse
import contextlib
import json
import os
import secrets
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
from rich.progress import track

from benchmarks.one_message import PER_CONVERSATION, QUESTIONS, quantiles, timed
from cli.scratch import environment_for
from cli.tsv import read_rows
from clinic.library import library
from clinic.settings import ROOT

WARM_UP, READY_SECONDS = 30, 300.0


class Side:
    """One checkout's rasa and action server, and what was measured of it."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.taken: list[float] = []
        environment = environment_for(folder, PYTHONPATH=str(root), LOTUS_MODEL_DIR=str(root / "models"))
        self._url = f"http://127.0.0.1:{environment['LOTUS_RASA_PORT']}"
        self._started = time.monotonic()
        with (folder / "serve.log").open("ab") as log:
            command = [str(root / ".venv/bin/python"), "-m", "cli", "serve", "rasa", "actions"]
            self._process = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=log)
        self._http = httpx.Client(trust_env=False, timeout=30)

    def wait(self) -> None:
        """Until a message gets its reply; both processes are up then."""
        while time.monotonic() - self._started < READY_SECONDS:
            with contextlib.suppress(httpx.HTTPError):
                if self.ask("how does ketamine work", "ready:0"):
                    self.ready_after = time.monotonic() - self._started
                    return
            time.sleep(0.2)
        raise SystemExit(f"{self._process.args} did not get ready")

    def ask(self, question: str, sender: str) -> list[Any]:
        body = {"sender": sender, "message": question, "metadata": {"language": "en"}}
        return self._http.post(f"{self._url}/webhooks/rest/webhook", json=body).raise_for_status().json()

    def begin(self) -> None:
        children = psutil.Process(self._process.pid).children(recursive=True)
        [self._rasa] = [child for child in children if child.cmdline()[1:3] == ["-m", "engine"]]
        self.taken.clear()
        self._cpu = sum(self._rasa.cpu_times()[:2])

    def figures(self) -> dict[str, Any]:
        core = (sum(self._rasa.cpu_times()[:2]) - self._cpu) / len(self.taken) * 1000
        return {
            **quantiles(self.taken),
            "core_ms": round(core, 1),
            "rss_mb": round(self._rasa.memory_info().rss / 1e6),
            "first_reply_after_s": round(self.ready_after, 1),
        }

    def end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(40)


@contextlib.contextmanager
def sides(*roots: Path) -> Iterator[list[Side]]:
    with contextlib.ExitStack() as stack:
        started = []
        for root in roots:
            side = Side(root, Path(stack.enter_context(tempfile.TemporaryDirectory())))
            stack.callback(side.end)
            started.append(side)
        for side in started:
            side.wait()
        yield started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    parser.add_argument("--turns", type=int, default=200)
    options = parser.parse_args()
    topics = library().topics
    rows = [row for row in read_rows(QUESTIONS, "question", "topic") if topics[row["topic"]].kind == "answer"]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with sides(ROOT, options.other.resolve()) as (ours, other):
        for number, row in enumerate(track(rows[: options.turns + WARM_UP], "asking")):
            if number == WARM_UP:
                ours.begin()
                other.begin()
            if number % PER_CONVERSATION == 0:
                sender = f"{secrets.token_hex(8)}:0"
            for side in (ours, other) if number % 2 else (other, ours):
                side.taken.append(timed(partial(side.ask, row["question"], sender)))
        result = {"turns": len(ours.taken), "ours": ours.figures(), "other": other.figures()}
    medians = [statistics.median(side.taken) for side in (ours, other)]
    result["ratio"] = round(medians[0] / medians[1], 3)
    result["core_ratio"] = round(result["ours"]["core_ms"] / result["other"]["core_ms"], 3)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
