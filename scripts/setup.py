"""Install everything Lotus Guide needs; `make setup` runs it. Only the standard library is used.

It brings uv into .tools/, builds .venv (the app) and engine/.venv (Rasa) from the hashed lock files and makes
sure that the tests find a browser and PostgreSQL. What is already in place is left alone, so a second run does nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
UV = TOOLS / "uv" / "bin" / "uv"
MACHINES = {"redis-server": "redis-server", "nginx": "nginx-light"}  # program and Debian package
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
STEPS = (  # folder of the runtime, lock file
    (ROOT, "requirements-dev.lock"),
    (ROOT / "engine", "requirements.lock"),
)


class SetupError(Exception):
    """Something the person at the keyboard has to mend; the message says how."""


def run(*command: str | Path, cwd: Path = ROOT, **environment: str) -> None:
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env.pop("VIRTUAL_ENV", None)
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=env | environment, check=False)
    if done.returncode:
        raise SetupError(f"this failed (see above): {' '.join(str(part) for part in command)}")


def digest(*paths: Path) -> str:
    """One hash over the files that decide what gets installed."""
    seen = hashlib.sha256()
    for path in paths:
        seen.update(path.read_bytes())
    return seen.hexdigest()


def is_done(stamp: Path, wanted: str) -> bool:
    return stamp.is_file() and stamp.read_text() == wanted


def bring_uv() -> None:
    lock = ROOT / "scripts" / "tools.lock"
    stamp = TOOLS / "uv.stamp"
    if UV.is_file() and is_done(stamp, digest(lock)):
        return
    shutil.rmtree(TOOLS / "uv", ignore_errors=True)
    TOOLS.mkdir(exist_ok=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(TOOLS / "uv")], check=False)
    if made.returncode:
        raise SetupError(
            f"{sys.executable} cannot make virtual environments. Install Python's venv module "
            "(on Debian and Ubuntu: apt-get install python3-venv) and run this again."
        )
    run(TOOLS / "uv" / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock)
    stamp.write_text(digest(lock))


def install(folder: Path, lock_name: str) -> None:
    lock, wanted_python = folder / lock_name, folder / ".python-version"
    venv, stamp = folder / ".venv", folder / ".venv" / "lotus.stamp"
    wanted = digest(lock, wanted_python)
    if is_done(stamp, wanted):
        return
    python = venv / "bin" / "python"
    if not (python.exists() and subprocess.run([str(python), "--version"], capture_output=True).returncode == 0):
        run(UV, "venv", "--clear", "--python", wanted_python.read_text().strip(), venv, cwd=folder)
    stamp.unlink(missing_ok=True)
    run(
        UV, "pip", "sync", "--require-hashes", "--compile-bytecode", "--python", python, lock,
        cwd=folder, UV_COMPILE_BYTECODE_TIMEOUT="300",
    )  # fmt: skip
    stamp.write_text(wanted)


def find_browser() -> str | None:
    """The browser the tests drive: LOTUS_CHROMIUM, one on the PATH, or the one Playwright brought."""
    named = os.environ.get("LOTUS_CHROMIUM")
    if named:
        return named
    on_path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if on_path:
        return on_path
    ask = "from playwright.sync_api import sync_playwright as p\nwith p() as x: print(x.chromium.executable_path)"
    told = subprocess.run([str(ROOT / ".venv/bin/python"), "-c", ask], capture_output=True, text=True, check=False)
    brought = told.stdout.strip()
    return brought if brought and Path(brought).exists() else None


def bring_browser() -> None:
    if find_browser():
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium", DEBIAN_FRONTEND="noninteractive")
    else:
        run(ROOT / ".venv/bin/python", "-m", "playwright", "install", "chromium")
    if not find_browser():
        raise SetupError("no browser for the tests: install Chromium, or set LOTUS_CHROMIUM to its path.")


def find_postgres() -> str | None:
    """The folder of PostgreSQL's programs for the tests: LOTUS_POSTGRES, Debian's newest, or the PATH's."""
    named = os.environ.get("LOTUS_POSTGRES")
    if named:
        return named
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    found = packaged[-1] if packaged else on_path and Path(on_path).resolve()
    return str(found.parent) if found else None


def bring_postgres() -> None:
    if find_postgres():
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        run("apt-get", "update", "-qq")
        # Without this the package starts a server of its own, which nobody here needs.
        Path("/etc/postgresql-common").mkdir(parents=True, exist_ok=True)
        with Path("/etc/postgresql-common/createcluster.conf").open("a", encoding="utf-8") as settings:
            settings.write("create_main_cluster = false\n")
        run(
            "apt-get", "install", "-qq", "-y", "--no-install-recommends", "postgresql",
            DEBIAN_FRONTEND="noninteractive",
        )  # fmt: skip
    if not find_postgres():
        raise SetupError("no PostgreSQL for the tests: install it, or set LOTUS_POSTGRES to the folder of its initdb.")


def bring_machines() -> None:
    """Redis and nginx, for benchmarks/machines alone."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    missing = [package for name, package in MACHINES.items() if not shutil.which(name, path=path)]
    if not missing:
        return
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        raise SetupError(f"install {' and '.join(missing)}; benchmarks/machines starts them on loopback by itself.")
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing, DEBIAN_FRONTEND="noninteractive")


def find_redis() -> str | None:
    """The server that the tests start: LOTUS_REDIS_SERVER, or the PATH's."""
    return os.environ.get("LOTUS_REDIS_SERVER") or shutil.which("redis-server") or shutil.which("valkey-server")


def bring_redis() -> None:
    if find_redis():
        return
    if shutil.which("apt-get") and os.geteuid() == 0:
        run("apt-get", "update", "-qq")
        # Run level 1: the package must not start a server of its own.
        run(
            "apt-get", "install", "-qq", "-y", "--no-install-recommends", "redis-server",
            DEBIAN_FRONTEND="noninteractive", RUNLEVEL="1",
        )  # fmt: skip
    if not find_redis():
        raise SetupError("no Redis for the tests: install it, or set LOTUS_REDIS_SERVER to its redis-server.")


def main() -> int:
    started = time.monotonic()
    steps = [("uv", bring_uv)]
    for folder, lock in STEPS:
        name = "engine (Rasa)" if folder.name == "engine" else "app"
        steps.append((name, lambda folder=folder, lock=lock: install(folder, lock)))
    if "--without-browser" not in sys.argv:
        steps.append(("a browser for the tests", bring_browser))
        steps.append(("PostgreSQL for the tests", bring_postgres))
        steps.append(("Redis for the tests", bring_redis))
    if "--machines" in sys.argv:
        steps = [("Redis and nginx", bring_machines)]
    for number, (name, step) in enumerate(steps, 1):
        print(f"[{number}/{len(steps)}] {name}", flush=True)
        try:
            step()
        except SetupError as problem:
            print(f"\nSet-up stopped at {name}: {problem}", file=sys.stderr)
            return 1
    print(f"set up in {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
