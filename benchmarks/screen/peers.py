"""Who is measured, and how each is asked: in an environment of its own, by an adapter that speaks JSON lines."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.setup import ROOT, TOOLS, UV, SetupError, bring_uv, digest, is_done

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = TOOLS / "benchmarks"
OURS = "lotus-guide"
LONGEST = 1800  # seconds for one peer on all files; the slowest takes 0.1 s a message

MOST_REASON = 300  # characters; it has to fit into a cell


class PeerError(Exception):
    """A peer could not be installed or asked; the message says why and goes into the table."""


@dataclass(frozen=True)
class Peer:
    """`<name>.txt` here pins what it needs, adapters/<name>.py asks it; without requirements it runs in .venv."""

    name: str
    note: str = ""  # what a reader of its figures must know; README.md says more
    adapter: Path | None = None
    has_requirements: bool = True


@dataclass(frozen=True)
class Answer:
    """`score` is the peer's own, where it has one: higher is more worried, with no common scale."""

    flag: bool
    score: float | None
    ms: float


PEERS = (
    Peer(OURS, has_requirements=False),
    Peer("tfidf", note="baseline"),
    Peer("cogno-aegis"),
    Peer("pantheon-guardrails"),
    Peer("rrt-advocate"),
    Peer("suicide-text-predictor", note="numpy port"),
)


def python_of(peer: Peer) -> Path:
    """The interpreter of the peer's environment, which is made first where its requirements are not in place."""
    if not peer.has_requirements:
        return Path(sys.executable)
    requirements, folder = HERE / f"{peer.name}.txt", ENVIRONMENTS / peer.name
    python, stamp = folder / "bin" / "python", folder / "lotus.stamp"
    if not (python.exists() and is_done(stamp, digest(requirements))):
        try:
            bring_uv()
        except SetupError as error:
            raise PeerError(f"cannot install: {error}") from error
        _run("cannot install", [UV, "venv", "-q", "--clear", "--python", sys.executable, folder])
        # `sync` installs what is listed and resolves nothing: torch cannot come along unseen.
        _run("cannot install", [UV, "pip", "sync", "-q", "--require-hashes", "--python", python, requirements])
        stamp.write_text(digest(requirements))
    return python


def ask(peer: Peer, texts: list[str]) -> list[Answer]:
    """One answer a text, in order; one process for all. Its threads are held at one, as our screen's are."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    if not peer.has_requirements:
        environment["PYTHONPATH"] = str(ROOT)
    adapter = peer.adapter or HERE / "adapters" / f"{peer.name}.py"
    asked = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    told = _run("cannot run", [python_of(peer), adapter], asked, environment)
    try:
        answers = [Answer(**json.loads(line)) for line in told.splitlines()]
    except (ValueError, TypeError) as error:
        raise PeerError(f"cannot run: its adapter wrote something else than answers ({error})") from error
    if len(answers) != len(texts):
        raise PeerError(f"cannot run: {len(answers)} answers to {len(texts)} messages")
    return answers


def _run(problem: str, command: list[str | Path], told: str = "", environment: dict[str, str] | None = None) -> str:
    """What the command wrote. Where it failed the reason is its complaint, of a traceback the last line."""
    try:
        done = subprocess.run(
            command, input=told, env=environment, capture_output=True, encoding="utf-8", timeout=LONGEST, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PeerError(f"{problem}: {error}") from error
    if done.returncode:
        complaint = done.stderr.strip() or f"exit code {done.returncode}"
        reason = complaint.splitlines()[-1] if "Traceback" in complaint else " ".join(complaint.split())
        raise PeerError(f"{problem}: {reason[:MOST_REASON]}")
    return done.stdout
