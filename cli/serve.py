"""`lotus serve`: starts web, rasa, actions and worker, restarts what crashes, ends all of them together."""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import httpx
from rich.console import Console

from cli.train import ENGINE, engine_environment
from clinic.settings import ROOT, Settings

GRACE_SECONDS = 10.0
RESTART_AFTER = (1.0, 2.0, 5.0, 10.0, 30.0)  # rising while a part keeps crashing within its first minute
STEADY_SECONDS = 60.0
HEAD_START = 6.0  # at most so long web starts alone


@dataclass(frozen=True)
class Part:
    name: str
    command: list[str]
    environment: dict[str, str]


def parts(settings: Settings) -> list[Part]:
    app = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    app["PYTHONPATH"] = str(ROOT)
    return [
        Part("web", [sys.executable, "-m", "web"], app),
        Part("actions", [sys.executable, "-m", "actions"], app),
        Part("worker", [sys.executable, "-m", "worker"], app),
        Part("rasa", [str(ENGINE), "-m", "engine", "serve"], engine_environment(settings)),
    ]


def _die_with_parent() -> None:
    """In the child, on Linux: if `lotus serve` is killed outright, its parts end as well."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Supervisor:
    def __init__(self, settings: Settings, chosen: list[Part]) -> None:
        self._settings, self._parts = settings, chosen
        self._stopping, self._page_is_up = asyncio.Event(), asyncio.Event()
        self._console = Console(stderr=True)

    async def run(self) -> None:
        """Returns once every part has ended, after Ctrl-C or SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        async with asyncio.TaskGroup() as group:
            announcing = None
            for part in self._parts:
                group.create_task(self._keep_running(part))
                if part.name == "web":
                    # The others' start would take the processors that web needs to be there at once.
                    announcing = group.create_task(self._announce())
                    await self._first_of(self._page_is_up.wait(), self._stopping.wait(), asyncio.sleep(HEAD_START))
            await self._stopping.wait()
            if announcing:
                announcing.cancel()

    async def _keep_running(self, part: Part) -> None:
        crashes = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            process = await asyncio.create_subprocess_exec(
                *part.command,
                cwd=ROOT,
                env=part.environment,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then ends them in order
                preexec_fn=_die_with_parent,
            )
            self._log("part.started", part=part.name, pid=process.pid)
            ended = asyncio.create_task(process.wait())
            stopping = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if self._stopping.is_set():
                await self._end(process, ended)
                return
            stopping.cancel()
            crashes = 0 if time.monotonic() - started > STEADY_SECONDS else crashes + 1
            pause = RESTART_AFTER[min(crashes, len(RESTART_AFTER) - 1)] if crashes else RESTART_AFTER[0]
            self._log("part.crashed", part=part.name, status=process.returncode, restart_in=pause)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _end(self, process: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        done, _ = await asyncio.wait({ended}, timeout=GRACE_SECONDS)
        if not done:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await ended

    async def _announce(self) -> None:
        """Say where the page is, first when it answers, then when the assistant is ready."""
        address = f"http://{self._settings.host}:{self._settings.port}"
        started = time.monotonic()
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=8) as http:
            await _until_it_answers(http, "/healthz")
            self._page_is_up.set()
            self._console.print(f"[bold green]The page is up: {address}/[/] ({time.monotonic() - started:.1f} s)")
            await _until_it_answers(http, "/readyz")
            self._console.print(f"[bold green]The assistant is ready.[/] ({time.monotonic() - started:.1f} s)")

    async def _first_of(self, *waiting: Coroutine[Any, Any, Any]) -> None:
        tasks = [asyncio.create_task(one) for one in waiting]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()

    def _log(self, event: str, **fields: object) -> None:
        sys.stdout.write(json.dumps({"process": "serve", "event": event} | fields) + "\n")
        sys.stdout.flush()


async def _until_it_answers(http: httpx.AsyncClient, path: str) -> None:
    """Asks every quarter of a second until the answer is 200."""
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if (await http.get(path)).status_code == 200:
                return
        await asyncio.sleep(0.25)


def _refuse_taken_ports(settings: Settings, names: set[str]) -> None:
    """Ends the command with what to mend, instead of parts that crash for ever."""
    wanted = {
        "web": (settings.host, settings.port, "LOTUS_PORT"),
        "rasa": (settings.rasa_host, settings.rasa_port, "LOTUS_RASA_PORT"),
        "actions": (settings.actions_host, settings.actions_port, "LOTUS_ACTIONS_PORT"),
    }
    for name in sorted(names & wanted.keys()):
        host, port, variable = wanted[name]
        try:
            socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
        except OSError as problem:
            sys.exit(f"{name} cannot listen on {host}:{port} ({problem.strerror}); set {variable} to another port")


def _refuse_without_anybody_on_call(settings: Settings) -> None:
    """In production mode nothing starts that could not call anybody."""
    if settings.mode != "production":
        return
    from clinic.handoff.fitness import unfit_for_production
    from clinic.migrate import migrate

    migrate(settings.database)
    if reasons := unfit_for_production(settings):
        sys.exit(f"LOTUS_MODE=production: {', '.join(reasons)}; `lotus doctor` says how to mend it")


def serve(settings: Settings, only: list[str]) -> None:
    chosen = [part for part in parts(settings) if not only or part.name in only]
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if any(part.name == "worker" for part in chosen):
        _refuse_without_anybody_on_call(settings)
    _refuse_taken_ports(settings, {part.name for part in chosen})
    asyncio.run(Supervisor(settings, chosen).run())
