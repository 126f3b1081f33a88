"""Redis and nginx on loopback, in a folder of their own; PostgreSQL is the tests' (tests/postgres.py)."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from redis import Redis
from redis.exceptions import RedisError

from cli.scratch import free_port
from clinic.clock import utc_now
from clinic.settings import ROOT

TEMPLATE = ROOT / "deploy" / "nginx" / "lotus.conf.template"
START_SECONDS = 20.0
MAIN = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
events {{ worker_connections 2048; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/lotus.conf;
}}
"""


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if not found:
        raise SystemExit(f"{name} is missing: `apt-get install --no-install-recommends redis-server nginx-light`")
    return found


class RedisServer:
    """One Redis that can be killed and started again on the same port. It writes nothing to disk."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = ["--bind", "127.0.0.1", "--port", str(self._port), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [program("redis-server"), *options, "--dir", str(self._folder)], stdout=subprocess.DEVNULL
        )
        with Redis.from_url(self.url) as redis:
            until(lambda: _answers(redis), "Redis did not start")

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(10)


def _answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(is_so, what: str, seconds: float = START_SECONDS) -> None:
    give_up = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > give_up:
            raise TimeoutError(what)
        time.sleep(0.1)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of its own for 127.0.0.1, good for a day."""
    key, now = ec.generate_private_key(ec.SECP256R1()), utc_now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, hidden = folder / "tls.crt", folder / "tls.key"
    shown.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    hidden.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return shown, hidden


def filled_in(template: str, values: dict[str, str]) -> str:
    """As the nginx image's start script does it: ${NAME} of the names that are set."""
    return re.sub(r"\$\{(\w+)\}", lambda found: values.get(found[1], found[0]), template)


@contextmanager
def nginx(folder: Path, webs: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """nginx with deploy/'s configuration before these addresses; yields its own address and its certificate."""
    folder.mkdir()
    port = free_port()
    shown, hidden = certificate(folder)
    values = {
        "LOTUS_WEB_SERVERS": " ".join(f"server {web} max_fails=1 fail_timeout=2s;" for web in webs),
        "LOTUS_RESOLVER": "",
        "LOTUS_LISTEN_PLAIN": f"127.0.0.1:{free_port()}",
        "LOTUS_LISTEN_TLS": f"127.0.0.1:{port}",
        "LOTUS_TLS_CERTIFICATE": str(shown),
        "LOTUS_TLS_KEY": str(hidden),
    }
    (folder / "lotus.conf").write_text(filled_in(TEMPLATE.read_text(), values))
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    command = [program("nginx"), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    subprocess.run([*command, "-t", "-q"], check=True)
    with (folder / "access.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log)
    try:
        until(lambda: _is_listening(port), f"nginx did not start; see {folder}")
        yield f"https://127.0.0.1:{port}", shown
    finally:
        process.terminate()
        process.wait(10)
