"""Asks benchmarks.bench.accuracy, which runs in the engine, from here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.bench.stock import environment
from cli.train import ENGINE
from clinic.settings import ROOT

QUESTIONS = ROOT / "tests/data/answers_unseen_2.tsv"


def topics_found(model: Path, *, stock: bool) -> dict[str, Any]:
    """Shares of the unseen questions whose topic the model puts first, and among the first three."""
    command = [str(ENGINE), "-m", "benchmarks.bench.accuracy", str(model), str(QUESTIONS)]
    command += ["--stock"] if stock else []
    done = subprocess.run(
        command, cwd=ROOT, env=environment() | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr.decode()[-2000:])
    return json.loads(done.stdout.splitlines()[-1])
