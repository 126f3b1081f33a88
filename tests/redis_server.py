"""A Redis of the tests' own, on loopback and in memory; scripts/setup.py brings the program."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from cli.scratch import free_port
from scripts.setup import find_redis
from tests.receivers import until


@contextmanager
def redis_server(port: int | None = None) -> Iterator[str]:
    """A running server that keeps nothing; yields its URL."""
    program = find_redis()
    assert program, "Redis is missing: run scripts/setup.py, or set LOTUS_REDIS_SERVER to its redis-server"
    port = port or free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)

    def answers() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    try:
        until(answers)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)
