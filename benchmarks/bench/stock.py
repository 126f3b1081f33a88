"""Stock Rasa on our data: its default pipeline and policies, trained once for each state of the data and kept.

A folder .tools/bench/stock/<hash> is a Rasa project of its own: our domain, rules and examples, the configuration of
stock.yml, and nothing of engine/. `.venv/bin/python -m benchmarks.bench.stock [--share 0.25] [--epochs 100]` trains
it alone, on one core; `make bench` does so where it is missing. The last line is one JSON object.
"""

import argparse
import hashlib
import json
import math
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from clinic.settings import ROOT

KEPT = ROOT / ".tools/bench"
RASA = ROOT / "engine/.venv/bin/rasa"
CONFIG = Path(__file__).with_name("stock.yml")
SEED = 0
ONE_CORE = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
# FallbackClassifier's intent has no rule of ours, since our classifier never gives it; without one stock says nothing.
UNSURE = """version: "3.1"
rules:
  - rule: what stock is unsure of is answered like everything else
    steps:
      - intent: nlu_fallback
      - action: action_answer_question
"""
ENDPOINTS = """action_endpoint:
  url: ${LOTUS_ACTIONS_URL}

tracker_store:
  type: SQL
  dialect: sqlite
  db: ${STOCK_TRACKER_FILE}
"""
Examples = dict[str, list[str]]


def examples(share: float = 1.0) -> Examples:
    """data/nlu by intent; of each intent the same share, at least ten, always the same ones."""
    chosen: Examples = {}
    for path in sorted((ROOT / "data/nlu").glob("*.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            texts = [line.strip().removeprefix("- ") for line in entry["examples"].splitlines()]
            wanted = min(len(texts), max(10, math.ceil(share * len(texts))))
            kept = set(random.Random(f"{SEED}:{entry['intent']}").sample(range(len(texts)), wanted))
            chosen[entry["intent"]] = [text for number, text in enumerate(texts) if number in kept]
    return chosen


def nlu_file(some: Examples) -> str:
    entries = (
        f"- intent: {intent}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
        for intent, texts in some.items()
    )
    return 'version: "3.1"\nnlu:\n' + "".join(entries)


@dataclass(frozen=True)
class Stock:
    """A trained stock project. `train_s` is what its training took when it was trained."""

    folder: Path
    share: float
    epochs: int
    examples: int
    train_s: float

    @property
    def model(self) -> Path:
        return self.folder / "models/stock.tar.gz"


def environment() -> dict[str, str]:
    """Plain Rasa's: nothing of ours on its path, no telemetry."""
    dropped = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
    inherited = {name: value for name, value in os.environ.items() if name not in dropped}
    return inherited | {"RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "2"}


def _files(share: float, epochs: int) -> Iterator[tuple[str, str]]:
    yield "config.yml", CONFIG.read_text(encoding="utf-8").replace("{epochs}", str(epochs))
    yield "domain.yml", (ROOT / "domain.yml").read_text(encoding="utf-8")
    yield "data/nlu.yml", nlu_file(examples(share))
    for path in sorted((ROOT / "data/rules").glob("*.yml")):
        yield f"data/{path.name}", path.read_text(encoding="utf-8")
    yield "data/unsure.yml", UNSURE
    yield "endpoints.yml", ENDPOINTS
    yield "credentials.yml", "rest:\n"


def train(share: float, epochs: int) -> Stock:
    """The trained project for this state of the data; trains it where there is none yet."""
    files = dict(_files(share, epochs))
    learned_from = {name: text for name, text in files.items() if name.startswith(("config", "domain", "data"))}
    key = hashlib.sha256(json.dumps(learned_from, sort_keys=True).encode()).hexdigest()[:16]
    folder = KEPT / "stock" / key
    note = folder / "trained.json"
    if not note.is_file():
        if folder.exists():
            shutil.rmtree(folder)  # half trained
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        seconds = _train(folder)
        note.write_text(json.dumps({"share": share, "epochs": epochs, "train_s": round(seconds)}) + "\n")
    for name in ("endpoints.yml", "credentials.yml"):
        (folder / name).write_text(files[name], encoding="utf-8")
    number = sum(map(len, examples(share).values()))
    return Stock(folder, share, epochs, number, json.loads(note.read_text())["train_s"])


def _train(folder: Path) -> float:
    command = [str(RASA), "train", "--data", "data", "--out", "models", "--fixed-model-name", "stock"]
    # Rasa's own cache lets a changed rule or domain train only what depends on it.
    cache = {"RASA_CACHE_DIRECTORY": str(KEPT / "rasa-cache"), "RASA_MAX_CACHE_SIZE": "4000"}
    started = time.monotonic()
    print(f"training stock Rasa in {folder} (train.log)", flush=True)
    with (folder / "train.log").open("ab") as log:
        done = subprocess.run(
            command, cwd=folder, env=environment() | ONE_CORE | cache, stdout=log, stderr=log, check=False
        )
    if done.returncode or not (folder / "models/stock.tar.gz").is_file():
        sys.exit(f"training stock Rasa failed; see {folder}/train.log")
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="of the examples of each intent")
    parser.add_argument("--epochs", type=int, default=100)
    options = parser.parse_args()
    stock = train(options.share, options.epochs)
    print(
        json.dumps({"share": stock.share, "epochs": stock.epochs, "examples": stock.examples, "train_s": stock.train_s})
    )


if __name__ == "__main__":
    main()
