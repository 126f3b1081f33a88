"""The worker against a real channel: an SMTP server on loopback."""

import asyncio
import threading
from collections.abc import Iterator
from email.message import EmailMessage, Message
from email.parser import BytesParser
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from cli.scratch import free_port, running
from tests.visitor import Visitor


class Inbox:
    """Keeps every mail; `arrived` is set at the first."""

    def __init__(self) -> None:
        self.mails: list[Message | EmailMessage] = []
        self.arrived = threading.Event()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(0)
        assert isinstance(envelope.content, bytes)
        self.mails.append(BytesParser().parsebytes(envelope.content))
        self.arrived.set()
        return "250 OK"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    kept, port = Inbox(), free_port()
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    yield kept, port
    server.stop()


def test_staff_get_a_mail_within_ten_seconds_that_says_nothing_of_the_visitor(
    inbox: tuple[Inbox, int], tmp_path: Path
) -> None:
    kept, port = inbox
    settings = {
        "LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}",
        "LOTUS_ALERT_URLS": f'["mailto://127.0.0.1:{port}?from=guide@clinic.example&to=staff@clinic.example"]',
    }
    with (
        running(tmp_path, "web", "worker", wait_for="/healthz", **settings) as service,
        Visitor(service.url) as guest,
    ):
        [crisis] = guest.say("i want to die")
        assert "trying to reach" in crisis["text"]
        assert kept.arrived.wait(10)
    [mail] = kept.mails
    whole = mail.as_string()
    assert "acute" in str(mail["Subject"])
    for word in ("die", "suicide", "ketamine", guest.id):
        assert word not in whole
