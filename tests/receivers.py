"""Real receivers of alerts on loopback: a mail server and a web server that take, refuse, stall or want a password."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from cli.scratch import free_port


class Inbox:
    """Keeps every mail. `refuses` answers 550 to each; `password` is what a sender has to give, if anything."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.refuses = False
        self.arrived = threading.Event()
        self.port = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(0)
        if self.refuses:
            return "550 no such mailbox"
        assert isinstance(envelope.content, bytes)
        self.mails.append(BytesParser().parsebytes(envelope.content))
        self.arrived.set()
        return "250 OK"

    @property
    def address(self) -> str:
        return f"mailto://127.0.0.1:{self.port}?from=guide@clinic.example&to=staff@clinic.example"


@contextmanager
def mail_server(password: str | None = None) -> Iterator[Inbox]:
    inbox = Inbox()
    inbox.port = free_port()

    def check(_server: object, _session: object, _envelope: object, _mechanism: str, given: object) -> AuthResult:
        return AuthResult(success=isinstance(given, LoginPassword) and given.password == (password or "").encode())

    options = {"authenticator": check, "auth_require_tls": False, "auth_required": True} if password else {}
    server = Controller(inbox, hostname="127.0.0.1", port=inbox.port, **options)
    server.start()
    try:
        yield inbox
    finally:
        server.stop()


class Hook:
    """A webhook. `status` is its answer, `stalls` how many seconds it takes for it; `asked` counts plain GETs."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.heads: list[str] = []
        self.status, self.stalls, self.asked = 200, 0.0, 0
        self.arrived = threading.Event()
        self.port = 0

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/alerts"


@contextmanager
def web_server() -> Iterator[Hook]:
    hook = Hook()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hook.asked += 1
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if hook.stalls:
                threading.Event().wait(hook.stalls)
            hook.bodies.append(body)
            hook.heads.append(f"{self.path}\n{self.headers}")
            self.send_response(hook.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            hook.arrived.set()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()


def until[T](look, *, seconds: float = 30.0) -> T:  # type: ignore[no-untyped-def, type-var]
    """What `look` returns as soon as it is true; fails after so many seconds."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if found := look():
            return found
        threading.Event().wait(0.05)
    raise AssertionError(f"not within {seconds:.0f} s")
