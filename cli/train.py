"""Training Rasa's model, only where what it learns from has changed."""

import hashlib
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from clinic.settings import ROOT, Settings

LEARNS_FROM = (
    "config.yml",
    "domain.yml",
    "data/nlu",
    "data/rules",
    "engine/graph",
    "models/encoder/card.json",
    "engine/requirements.lock",
)
MODEL = "lotus-guide.tar.gz"
ENGINE = ROOT / "engine" / ".venv" / "bin" / "python"


class TrainingFailed(Exception):
    """Rasa refused or died; its own output stands above."""


def fingerprint() -> str:
    """One hash over everything that the model depends on."""
    seen = hashlib.sha256()
    for name in LEARNS_FROM:
        path = ROOT / name
        files = sorted(file for file in path.rglob("*") if file.suffix in (".yml", ".py")) if path.is_dir() else [path]
        for file in files:
            seen.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return seen.hexdigest()


def is_trained(settings: Settings) -> bool:
    note = settings.model_dir / "lotus-guide.json"
    if not (note.is_file() and (settings.model_dir / MODEL).is_file()):
        return False
    return json.loads(note.read_text())["fingerprint"] == fingerprint()


def engine_environment(settings: Settings) -> dict[str, str]:
    """Rasa's variables: where the action server and its tracker store are, no telemetry, our packages."""
    inherited = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")
    }
    return inherited | {
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "LOTUS_ACTIONS_URL": ",".join(f"{url}/webhook" for url in settings.actions),
        "LOTUS_REDIS_URL": settings.redis_url.get_secret_value(),
        "LOTUS_RASA_HOST": settings.rasa_host,
        "LOTUS_RASA_PORT": str(settings.rasa_port),
        "LOTUS_MODEL_DIR": str(settings.model_dir),
        "LOTUS_TRACKER_URL": settings.tracker,
    }


def train(settings: Settings) -> float:
    """Train and put the model in place whole; returns the seconds it took. Raises TrainingFailed."""
    started = time.monotonic()
    settings.model_dir.mkdir(parents=True, exist_ok=True)
    wanted = fingerprint()
    with tempfile.TemporaryDirectory(dir=settings.model_dir) as folder:
        command = [str(ENGINE), "-m", "engine", "train", "--domain", "domain.yml", "--config", "config.yml"]
        command += ["--data", "data/nlu", "data/rules", "--out", folder, "--fixed-model-name", "lotus-guide"]
        done = subprocess.run(command, cwd=ROOT, env=engine_environment(settings), check=False)  # noqa: S603
        made = Path(folder) / MODEL
        if done.returncode or not made.is_file():
            raise TrainingFailed
        made.replace(settings.model_dir / MODEL)
    seconds = time.monotonic() - started
    note = {"fingerprint": wanted, "trained_in_seconds": round(seconds, 1)}
    (settings.model_dir / "lotus-guide.json").write_text(json.dumps(note) + "\n")
    return seconds
