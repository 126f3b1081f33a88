"""The services that are measured: stock Rasa and ours behind an action server each, and all of ours behind `web`."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

import psutil

from benchmarks.bench.doors import CRISIS, Connection, Door, Refused, RestDoor, WebDoor
from benchmarks.bench.stock import RASA, Stock
from benchmarks.bench.stock import environment as plain_environment
from cli.scratch import environment_for
from clinic.chat.conversations import start_conversation
from clinic.db import Database
from clinic.settings import ROOT, Settings

READY_SECONDS = 300.0
EASED = {"LOTUS_MESSAGES_PER_MINUTE": "100000", "LOTUS_LOG_LEVEL": "INFO"}


def use_two_cores() -> None:
    """This process and all it starts. Where there are more cores, two are what the figures are about."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


def start(command: list[str], folder: Path, environment: dict[str, str], cwd: Path = ROOT) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "serve.log").open("ab") as log:
        return subprocess.Popen(command, cwd=cwd, env=environment, stdout=log, stderr=log)


def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def rss_mb(processes: list[psutil.Process]) -> dict[str, int]:
    """By what each runs. A page that two of them share counts twice."""
    return {_name(one): round(one.memory_info().rss / 1e6) for one in processes}


def _name(process: psutil.Process) -> str:
    line = process.cmdline()
    if "-m" in line:
        module = line[line.index("-m") + 1]
        return {"engine": "rasa", "cli": "supervisor"}.get(module, module)
    return Path(line[1]).name if len(line) > 1 else process.name()


@dataclass
class Rasa:
    """A Rasa with its action server. `process` is the one to end; `first_reply_s` counts from its start."""

    name: str
    port: int
    database: Database
    settings: Settings
    processes: list[subprocess.Popen[bytes]]
    first_reply_s: float = 0.0

    def rasa(self) -> psutil.Process:
        every = [one for process in self.processes for one in family(process)]
        return next(one for one in every if _name(one) == "rasa")

    def door(self, ids: Iterator[str]) -> Door:
        return RestDoor(self.port, lambda: next(ids))

    def conversations(self, number: int) -> Iterator[str]:
        """New stored conversations, as `web` would have made them."""
        with self.database.transaction() as session:
            now = datetime.now(UTC)
            made = [start_conversation(session, clinic=self.settings.clinic, now=now)[0].id for _ in range(number)]
        return iter(made)


def wait_for_reply(port: int, process: subprocess.Popen[bytes], since: float, log: Path) -> float:
    """Seconds from `since` until Rasa's REST channel gives a reply of an action."""
    while time.monotonic() - since < READY_SECONDS:
        if process.poll() is not None:
            _give_up(log)
        with contextlib.suppress(OSError, Refused):
            body = {"sender": "ready:0", "message": "/mechanism", "metadata": {"language": "en"}}
            if Connection(port).post("/webhooks/rest/webhook", body):
                return time.monotonic() - since
        time.sleep(0.1)
    _give_up(log)


def _give_up(log: Path) -> NoReturn:
    """Shows the end of the log, which goes with the scratch folder."""
    sys.exit(f"a service did not get ready; the end of its log:\n{log.read_text(errors='replace')[-2000:]}")


@contextlib.contextmanager
def ours(folder: Path, models: Path) -> Iterator[Rasa]:
    """Our rasa and action server as `lotus serve` starts them."""
    environment = environment_for(folder, LOTUS_MODEL_DIR=str(models), **EASED)
    began = time.monotonic()
    process = start([sys.executable, "-m", "cli", "serve", "rasa", "actions"], folder, environment)
    try:
        yield _ready("ours", environment, [process], began)
    finally:
        end(process)


@contextlib.contextmanager
def stock(folder: Path, trained: Stock) -> Iterator[Rasa]:
    """Plain `rasa run` with nothing of engine/, and the same action server for itself."""
    environment = environment_for(folder, **EASED)
    actions = start([sys.executable, "-m", "actions"], folder, environment)
    own = plain_environment() | {
        "LOTUS_ACTIONS_URL": f"http://127.0.0.1:{environment['LOTUS_ACTIONS_PORT']}/webhook",
        "STOCK_TRACKER_FILE": str(folder / "tracker.db"),
    }
    command = [str(RASA), "run", "--interface", "127.0.0.1", "--port", environment["LOTUS_RASA_PORT"]]
    command += ["--model", str(trained.model)]
    began = time.monotonic()
    rasa = start(command, folder, own, cwd=trained.folder)
    try:
        yield _ready("stock", environment, [rasa, actions], began)
    finally:
        end(rasa)
        end(actions)


def _ready(name: str, environment: dict[str, str], processes: list[subprocess.Popen[bytes]], began: float) -> Rasa:
    port = int(environment["LOTUS_RASA_PORT"])
    taken = wait_for_reply(port, processes[0], began, Path(environment["LOTUS_DATA_DIR"]) / "serve.log")
    settings = Settings(data_dir=Path(environment["LOTUS_DATA_DIR"]), database_url="")
    return Rasa(name, port, Database(settings.database), settings, processes, taken)


@dataclass
class Whole:
    """All of ours. Times count from the command's start."""

    port: int
    process: subprocess.Popen[bytes]
    first_crisis_s: float = 0.0
    first_answer_s: float = 0.0

    def door(self) -> Door:
        return WebDoor(self.port)

    def memory(self) -> dict[str, int]:
        return rss_mb(family(self.process))


@contextlib.contextmanager
def whole(folder: Path, models: Path, alarm: str = "", **settings: str) -> Iterator[Whole]:
    """`lotus serve` with someone to alert. `alarm`: a message that shows risk, sent as soon as there is a page."""
    with receiver() as alerts:
        environment = environment_for(
            folder, LOTUS_MODEL_DIR=str(models), LOTUS_ALERT_URLS=f'["{alerts}"]', **EASED, **settings
        )
        port, began = int(environment["LOTUS_PORT"]), time.monotonic()
        process = start([sys.executable, "-m", "cli", "serve"], folder, environment)
        service, log = Whole(port, process), folder / "serve.log"
        try:
            if alarm:
                service.first_crisis_s = _first(service, began, alarm, CRISIS, log)
            service.first_answer_s = _first(service, began, "how does ketamine work", ("answer",), log)
            yield service
        finally:
            end(process)


def _first(service: Whole, began: float, words: str, kinds: tuple[str, ...], log: Path) -> float:
    """Seconds until such a message is answered with one of `kinds`, each time in a new conversation."""
    while time.monotonic() - began < READY_SECONDS and service.process.poll() is None:
        with contextlib.suppress(OSError, Refused):
            door = service.door()
            visit = door.enter()
            replies = visit.say(words)
            visit.close()
            door.close()
            if any(reply["kind"] in kinds for reply in replies):
                return time.monotonic() - began
        time.sleep(0.1)
    _give_up(log)


@contextlib.contextmanager
def receiver() -> Iterator[str]:
    """Takes every alert: an address for LOTUS_ALERT_URLS."""

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
