"""A PostgreSQL of the tests' own, on loopback and in a folder of its own; scripts/setup.py brings the programs."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.scratch import free_port
from scripts.setup import find_postgres


def _owner() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as its own user."""
    if os.geteuid() != 0:
        return None
    pwd.getpwnam("postgres")
    return "postgres"


@contextmanager
def cluster() -> Iterator[str]:
    """A running server; yields the SQLAlchemy URL without a database's name."""
    programs = find_postgres()
    assert programs, "PostgreSQL is missing: run scripts/setup.py, or set LOTUS_POSTGRES to the folder of its programs"
    owner, port = _owner(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="lotus-postgres-"))
    if owner:
        shutil.chown(folder, owner)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(Path(programs) / program), *arguments], check=True, capture_output=True, user=owner, cwd=folder
        )

    data = str(folder / "data")
    try:
        run("initdb", "--pgdata", data, "--username", "lotus", "--auth", "trust", "--encoding", "UTF8", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories=''"
        options += " -c fsync=off -c max_connections=200"
        run("pg_ctl", "--pgdata", data, "--options", options, "--log", str(folder / "log"), "--wait", "start")
        try:
            yield f"postgresql+psycopg://lotus@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "--pgdata", data, "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
