"""A whole service of its own for a measurement or a test: free ports, a scratch folder, nobody alerted."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from clinic.settings import ROOT

READY_SECONDS = 120.0
KEPT = ("LOTUS_MODEL_DIR", "LOTUS_CHROMIUM", "LOTUS_DATA_KEYS")  # of this process's own settings


@dataclass(frozen=True)
class Scratch:
    """A running service: its address, its folder, its supervisor's process and the environment it was started with."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    environment: dict[str, str]


class NotReady(Exception):
    """The service did not get ready; `serve.log` in its folder says why."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment_for(folder: Path, **settings: str) -> dict[str, str]:
    """This process's environment without its LOTUS_ settings, plus a scratch service's."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LOTUS_")}
    kept = {
        name: os.environ[name]
        for name in ("LOTUS_MODEL_DIR", "LOTUS_CHROMIUM", "LOTUS_DATA_KEYS")
        if name in os.environ
    }
    own = {
        "LOTUS_PORT": str(free_port()),
        "LOTUS_RASA_PORT": str(free_port()),
        "LOTUS_ACTIONS_PORT": str(free_port()),
        "LOTUS_DATA_DIR": str(folder),
        "LOTUS_CONVERSATIONS_PER_HOUR": "1000000",
        "PYTHONPATH": str(ROOT),
    }
    return inherited | kept | own | settings


@contextlib.contextmanager
def running(folder: Path, *parts: str, wait_for: str = "/readyz", **settings: str) -> Iterator[Scratch]:
    """`lotus serve PARTS` in `folder`; ended with all its parts at the end of the block."""
    environment = environment_for(folder, **settings)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "serve.log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "cli", "serve", *parts], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        service = Scratch(f"http://127.0.0.1:{environment['LOTUS_PORT']}", folder, process, environment)
        _wait(service, wait_for, log)
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(service: Scratch, path: str, log: Path) -> None:
    give_up = time.monotonic() + READY_SECONDS
    while time.monotonic() < give_up:
        if service.process.poll() is not None:
            raise NotReady(f"the service ended with status {service.process.returncode}; see {log}")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(service.url + path, trust_env=False, timeout=8).status_code == 200:
                return
        time.sleep(0.25)
    raise NotReady(f"not ready after {READY_SECONDS:.0f} s; see {log}")
