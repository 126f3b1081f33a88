"""Two of each process, as on machines of their own: each has its own data folder; only the network is shared."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from cryptography.fernet import Fernet
from sqlalchemy import create_engine

from benchmarks.machines.engines import RedisServer, nginx, until
from cli.scratch import free_port
from cli.train import ENGINE, is_trained
from clinic.settings import ROOT, Settings
from tests.postgres import cluster

READY_SECONDS = 300.0  # eight processes start at once, on two cores
KINDS = ("web", "rasa", "actions", "worker")


@dataclass
class Process:
    """One of the fleet; `port` is 0 for a worker."""

    name: str
    kind: str
    port: int
    environment: dict[str, str]
    folder: Path
    running: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        module = [str(ENGINE), "-m", "engine", "serve"] if self.kind == "rasa" else [sys.executable, "-m", self.kind]
        with (self.folder / "log").open("ab") as log:
            self.running = subprocess.Popen(module, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """SIGKILL: nothing is finished, nothing is said."""
        if self.running:
            self.running.kill()
            self.running.wait(10)

    def is_ready(self) -> bool:
        if self.running is None or self.running.poll() is not None:
            raise RuntimeError(f"{self.name} has ended; see {self.folder / 'log'}")
        if self.kind == "worker":
            return (self.folder / "worker.round").exists()
        path = {"web": "/healthz", "rasa": "/", "actions": "/health"}[self.kind]
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", trust_env=False, timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def restart(self) -> None:
        (self.folder / "worker.round").unlink(missing_ok=True)
        self.start()
        until(self.is_ready, f"{self.name} did not come back", READY_SECONDS)


@dataclass(frozen=True)
class Fleet:
    url: str
    certificate: Path
    database_url: str
    redis: RedisServer
    processes: list[Process]

    def named(self, name: str) -> Process:
        return next(one for one in self.processes if one.name == name)


@contextmanager
def fleet(folder: Path, *, alert_url: str) -> Iterator[Fleet]:
    """All of it, ready; ended at the end of the block."""
    if not is_trained(Settings()):
        raise SystemExit("the model is older than what it learns from: run ./lotus train first")
    redis = RedisServer(folder)
    with cluster() as postgres:
        admin = create_engine(f"{postgres}/postgres", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for name in ("lotus", "rasa"):
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        admin.dispose()
        ports = {f"{kind}-{number}": free_port() for kind in KINDS[:-1] for number in (1, 2)}
        shared = {
            "LOTUS_DATABASE_URL": f"{postgres}/lotus",
            "LOTUS_TRACKER_URL": f"{postgres}/rasa",
            "LOTUS_REDIS_URL": redis.url,
            "LOTUS_RASA_URL": ",".join(f"http://127.0.0.1:{ports[f'rasa-{one}']}" for one in (1, 2)),
            "LOTUS_ACTIONS_URL": ",".join(f"http://127.0.0.1:{ports[f'actions-{one}']}" for one in (1, 2)),
            "LOTUS_SECRET_KEY": secrets.token_hex(32),
            "LOTUS_DATA_KEYS": json.dumps([Fernet.generate_key().decode()]),
            "LOTUS_ALERT_URLS": json.dumps([alert_url]),
            "LOTUS_MESSAGES_PER_MINUTE": "100000",
            "LOTUS_CONVERSATIONS_PER_HOUR": "1000000",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
        }
        made = [_process(folder, kind, number, ports, shared) for kind in KINDS for number in (1, 2)]
        webs = [f"127.0.0.1:{one.port}" for one in made if one.kind == "web"]
        redis.start()
        try:
            for one in made:
                one.start()
            for one in made:
                until(one.is_ready, f"{one.name} did not start; see {one.folder / 'log'}", READY_SECONDS)
            with nginx(folder / "nginx", webs) as (url, certificate):
                yield Fleet(url, certificate, shared["LOTUS_DATABASE_URL"], redis, made)
        finally:
            for one in made:
                one.kill()
            redis.kill()


def _process(folder: Path, kind: str, number: int, ports: dict[str, int], shared: dict[str, str]) -> Process:
    name = f"{kind}-{number}"
    own, port = folder / name, ports.get(name, 0)
    own.mkdir()
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("LOTUS_", "PYTHON"))}
    kept = {key: os.environ[key] for key in ("LOTUS_MODEL_DIR",) if key in os.environ}
    of_kind = {"web": "LOTUS_PORT", "rasa": "LOTUS_RASA_PORT", "actions": "LOTUS_ACTIONS_PORT"}.get(kind)
    environment = inherited | kept | shared | {"LOTUS_DATA_DIR": str(own)}
    return Process(name, kind, port, environment | ({of_kind: str(port)} if of_kind else {}), own)
