"""Channels against real receivers: taken, refused, stalled, with a wrong password; an address stands in no log."""

import logging
import time
from collections.abc import Iterator

import pytest

from cli.scratch import free_port
from clinic.errors import InvalidInput
from clinic.handoff.channels import NotSent, Text, check_address, masked, send
from tests.receivers import Hook, Inbox, mail_server, web_server

TEXT = Text("Lotus Guide: staff needed (acute)", "First line.\nhttps://x.example/", "<p>First line.</p>")
LONGEST = 10.0


@pytest.fixture(scope="module")
def mail() -> Iterator[Inbox]:
    with mail_server() as inbox:
        yield inbox


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with web_server() as opened:
        yield opened


def refused(address: str) -> str:
    with pytest.raises(NotSent) as problem:
        send(address, TEXT)
    return problem.value.kind


def test_a_mail_has_a_subject_a_text_and_an_html_part(mail: Inbox) -> None:
    send(mail.address, TEXT)
    arrived = mail.mails[-1]
    assert arrived["Subject"] == TEXT.title
    assert [part.get_content_type() for part in arrived.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_a_mail_server_that_refuses_is_a_failure(mail: Inbox) -> None:
    mail.refuses = True
    try:
        assert refused(mail.address) == "not_accepted"
    finally:
        mail.refuses = False


def test_a_webhook_gets_the_plain_text(hook: Hook) -> None:
    send(hook.address, TEXT)
    assert "First line." in hook.bodies[-1]
    assert "<p>" not in hook.bodies[-1]


@pytest.mark.parametrize("status", [500, 503, 401, 404])
def test_a_webhook_that_answers_with_an_error_is_a_failure(hook: Hook, status: int) -> None:
    hook.status = status
    try:
        assert refused(hook.address) == "not_accepted"
    finally:
        hook.status = 200


def test_a_webhook_that_stalls_is_given_up(hook: Hook) -> None:
    hook.stalls = 3.0
    started = time.monotonic()
    try:
        assert refused(f"{hook.address}?rto=0.5") == "not_accepted"
    finally:
        hook.stalls = 0.0
    assert time.monotonic() - started < 2.5


@pytest.mark.parametrize("scheme", ["json", "mailto"])
def test_where_nobody_listens_it_fails_soon(scheme: str) -> None:
    started = time.monotonic()
    tail = "?from=a@clinic.example&to=b@clinic.example" if scheme == "mailto" else "/"
    assert refused(f"{scheme}://127.0.0.1:{free_port()}{tail}") == "not_accepted"
    assert time.monotonic() - started < LONGEST


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_wrong_password_is_a_failure_and_the_right_one_is_not() -> None:
    with mail_server(password="correct-horse") as inbox:
        address = "mailto://guide:{}@127.0.0.1:{}?from=guide@clinic.example&to=staff@clinic.example&smtp=127.0.0.1"
        assert refused(address.format("wrong-horse", inbox.port)) == "not_accepted"
        send(address.format("correct-horse", inbox.port), TEXT)
        assert len(inbox.mails) == 1


def test_a_variable_holds_the_address(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused("env:LOTUS_TEST_CHANNEL") == "misconfigured"
    monkeypatch.setenv("LOTUS_TEST_CHANNEL", hook.address)
    before = len(hook.bodies)
    send("env:LOTUS_TEST_CHANNEL", TEXT)
    assert len(hook.bodies) == before + 1


@pytest.mark.parametrize("address", ["nonsense", "env:lower case", "", "http//x"])
def test_an_address_nobody_understands_is_refused_when_it_is_added(address: str) -> None:
    with pytest.raises(InvalidInput):
        check_address(address)


def test_no_log_line_holds_an_address_or_a_text(hook: Hook, caplog: pytest.LogCaptureFixture) -> None:
    hook.status = 500
    try:
        with caplog.at_level(logging.DEBUG):
            refused(f"json://user:sekret@127.0.0.1:{hook.port}/tokenpath")
            refused(f"mailto://user:sekret@127.0.0.1:{free_port()}?from=a@clinic.example&to=b@clinic.example")
    finally:
        hook.status = 200
    # urllib3's own lines are patterns without arguments in our logs (clinic/logs.py).
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")]
    assert not [line for line in lines if "sekret" in line or "tokenpath" in line or "First line" in line]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("mailtos://user:pass@smtp.example.com?to=x@y.example", "mailtos://smtp.example.com"),
        ("tgram://123456789:abcdefg/12315544/", "tgram://…"),
        ("json://user:pw@hooks.example/secret/path", "json://hooks.example"),
        ("env:LOTUS_CHANNEL_ROSA", "env:LOTUS_CHANNEL_ROSA"),
    ],
)
def test_only_the_service_and_a_server_s_name_are_shown(address: str, shown: str) -> None:
    assert masked(address) == shown
