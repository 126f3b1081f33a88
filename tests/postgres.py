"""A real PostgreSQL for the tests: a server of their own in a scratch folder, started once, ended with them."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

SETTINGS = "-c fsync=off -c max_connections=200 -c listen_addresses=127.0.0.1"


class Postgres:
    """The running server. Each database of `new_database` is empty and goes with the server."""

    def __init__(self, port: int) -> None:
        self._port = port

    def new_database(self) -> str:
        """Its URL for SQLAlchemy."""
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(f"postgresql://postgres@127.0.0.1:{self._port}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/{name}"


def binaries() -> Path:
    """The folder with PostgreSQL's server programs; `make setup` installs them."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    assert folders, "PostgreSQL is missing: run `make setup`, or install its server"
    return folders[0]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not in pytest's own folder, which only its user may enter: the server refuses to run as root.
    folder, bin_folder = Path(tempfile.mkdtemp(prefix="lotus-postgres-")), binaries()
    as_user: list[str] = []
    if os.geteuid() == 0:
        as_user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    data, log = folder / "data", folder / "server.log"
    run = [*as_user, str(bin_folder / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync"]
    subprocess.run(run, check=True, capture_output=True, cwd="/")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    control = [*as_user, str(bin_folder / "pg_ctl"), "-D", str(data), "-w", "-t", "60", "-l", str(log)]
    options = f"{SETTINGS} -p {port} -k {folder}"
    subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd="/")
    try:
        yield Postgres(port)
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd="/")
        shutil.rmtree(folder)
