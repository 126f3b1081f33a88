"""Our own model, trained from nothing: no Rasa cache of an earlier training."""

import json
import subprocess
import sys
import time
from pathlib import Path

from cli.train import ENGINE, MODEL, engine_environment, fingerprint
from clinic.settings import ROOT, Settings


def train(folder: Path, nlu: Path | None = None) -> float:
    """Puts the model into `folder`, from data/nlu or the file `nlu`; the seconds it took, with Rasa's start."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(ENGINE), "-m", "engine", "train", "--domain", "domain.yml", "--config", "config.yml"]
    command += ["--data", str(nlu or "data/nlu"), "data/rules", "--out", str(folder)]
    command += ["--fixed-model-name", MODEL.removesuffix(".tar.gz")]
    environment = engine_environment(Settings()) | {"RASA_CACHE_DIRECTORY": str(folder / "cache")}
    started = time.monotonic()
    with (folder / "train.log").open("ab") as log:
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=log, check=False)
    if done.returncode or not (folder / MODEL).is_file():
        sys.exit(f"training failed; see {folder}/train.log")
    seconds = time.monotonic() - started
    # `lotus serve` trains anew where this note does not fit the data.
    (folder / "lotus-guide.json").write_text(json.dumps({"fingerprint": fingerprint()}) + "\n", encoding="utf-8")
    return seconds
