"""Parts that are down, killed or hanging: the visitor reads the safe text in time, and nothing is lost or claimed."""

import contextlib
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from cli.scratch import Scratch, free_port, running
from tests.visitor import Message, Visitor, lotus, of_conversation

TURN_LIMIT = 8.0  # web waits 6 s for Rasa; the rest is for a slow machine
CRISIS_LIMIT = 1.0


@pytest.fixture(scope="module")
def own_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """A service of this file's own, since it is broken on purpose."""
    with running(tmp_path_factory.mktemp("faulty"), LOTUS_MESSAGES_PER_MINUTE="100000") as started:
        yield started


@pytest.fixture
def guest(own_service: Scratch) -> Iterator[Visitor]:
    with Visitor(own_service.url) as arrived:
        yield arrived


def part(service: Scratch, name: str) -> psutil.Process:
    """The running process of web, rasa (module engine), actions or worker."""
    module = {"rasa": "engine"}.get(name, name)
    for child in psutil.Process(service.process.pid).children(recursive=True):
        if child.cmdline()[1:3] == ["-m", module]:
            return child
    raise AssertionError(f"{name} is not running")


@contextmanager
def hanging(service: Scratch, name: str) -> Iterator[None]:
    process = part(service, name)
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def ready_again(visitor: Visitor) -> bool:
    give_up = time.monotonic() + 90
    waiting = threading.Event()
    while time.monotonic() < give_up:
        if visitor.http.get("/readyz").status_code == 200:
            return True
        waiting.wait(0.25)
    return False


def to_the_summary(guest: Visitor) -> None:
    for words in ("can somebody call me as soon as possible", "Dana", "18 or older", "801-555-0123"):
        guest.say(words)
    [summary] = guest.say("a first evaluation")[-1:]
    assert "Please check" in summary["text"]


def assert_safe(replies: list[Message]) -> None:
    [safe] = replies
    assert safe["kind"] == "safe_text"
    for number in ("988", "911", "385-272-4292"):
        assert number in safe["text"]


@pytest.mark.parametrize("name", ["rasa", "actions"])
def test_a_hanging_part_means_the_safe_text_in_time_and_a_crisis_is_escalated_at_once(
    own_service: Scratch, guest: Visitor, name: str
) -> None:
    with hanging(own_service, name):
        started = time.perf_counter()
        assert_safe(guest.say("how does ketamine work?"))
        assert time.perf_counter() - started < TURN_LIMIT
        started = time.perf_counter()
        [crisis] = guest.say("i want to die")
        assert time.perf_counter() - started < CRISIS_LIMIT
        assert crisis["kind"] == "crisis"
    assert len(of_conversation(own_service, "escalations", guest)) == 1
    assert ready_again(guest)
    assert guest.say("how does ketamine work?")[0]["kind"] == "answer"


def test_a_crisis_does_not_wait_behind_a_message_that_hangs(own_service: Scratch, guest: Visitor) -> None:
    with hanging(own_service, "rasa"):
        earlier = threading.Thread(target=guest.say, args=("how does ketamine work?",))
        earlier.start()
        while len(guest.messages()) < 2:  # the earlier message is stored and waits for Rasa
            threading.Event().wait(0.02)
        started = time.perf_counter()
        [crisis] = guest.say("i want to kill myself")
        assert time.perf_counter() - started < CRISIS_LIMIT
        assert crisis["kind"] == "crisis"
        earlier.join(TURN_LIMIT)
    assert ready_again(guest)


@pytest.mark.parametrize("name", ["rasa", "actions", "worker"])
def test_a_killed_part_is_restarted(own_service: Scratch, guest: Visitor, name: str) -> None:
    killed = part(own_service, name)
    killed.kill()
    killed.wait(5)
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            assert part(own_service, name).pid != killed.pid
            break
        except AssertionError:
            threading.Event().wait(0.2)
    assert part(own_service, name).pid != killed.pid
    assert ready_again(guest)


def test_a_booking_whose_last_step_fails_is_not_called_done(own_service: Scratch, guest: Visitor) -> None:
    to_the_summary(guest)
    with hanging(own_service, "actions"):
        assert_safe(guest.say("yes"))
    assert ready_again(guest)
    # The action went on once it could, and found that its message had an answer.
    assert not of_conversation(own_service, "appointments", guest)


def test_actions_killed_between_claim_and_confirm_leave_no_half_booking(own_service: Scratch, guest: Visitor) -> None:
    to_the_summary(guest)
    killed = part(own_service, "actions")
    killed.suspend()
    waiting = threading.Thread(target=guest.say, args=("yes",))
    waiting.start()
    while len([one for one in guest.messages() if one["role"] == "visitor"]) < 6:  # the yes is on its way
        threading.Event().wait(0.05)
    killed.kill()
    waiting.join(TURN_LIMIT)
    assert_safe(guest.messages()[-1:])
    assert ready_again(guest)
    assert not of_conversation(own_service, "appointments", guest)
    to_the_summary(guest)  # the hold of before was this conversation's own
    [done] = guest.say("yes")
    [appointment] = of_conversation(own_service, "appointments", guest)
    assert appointment["reference"] in done["text"]


def test_web_killed_before_it_could_confirm_confirms_the_repeated_yes(own_service: Scratch, guest: Visitor) -> None:
    to_the_summary(guest)

    def say_yes_and_be_cut_off() -> None:
        with contextlib.suppress(Exception):
            guest.say("yes", client_id="yes")

    with hanging(own_service, "actions"):
        cut_off = threading.Thread(target=say_yes_and_be_cut_off)
        cut_off.start()
        while len([one for one in guest.messages() if one["role"] == "visitor"]) < 6:
            threading.Event().wait(0.05)
        os.kill(part(own_service, "web").pid, signal.SIGKILL)
        cut_off.join(10)
    give_up = time.monotonic() + 60
    booked: list[Message] = []
    while time.monotonic() < give_up and not booked:
        booked = of_conversation(own_service, "appointments", guest)
    while time.monotonic() < give_up:
        with contextlib.suppress(Exception):
            if ready_again(guest):
                break
    said = guest.say("yes", client_id="yes")
    [appointment] = of_conversation(own_service, "appointments", guest)
    assert [one["kind"] for one in said] == ["booking"]
    assert appointment["reference"] in said[0]["text"]


def test_web_killed_half_way_answers_the_repeated_message_once(own_service: Scratch, guest: Visitor) -> None:
    def send_and_be_cut_off() -> None:
        try:
            guest.say("how does ketamine work?", client_id="again")
        except Exception:
            return

    with hanging(own_service, "rasa"):
        cut_off = threading.Thread(target=send_and_be_cut_off)
        cut_off.start()
        while len(guest.messages()) < 2:
            threading.Event().wait(0.02)
        os.kill(part(own_service, "web").pid, signal.SIGKILL)
        cut_off.join(10)
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            if ready_again(guest):
                break
        except Exception:
            threading.Event().wait(0.2)
    assert guest.say("how does ketamine work?", client_id="again")[0]["topic"] == "mechanism"
    assert [message["role"] for message in guest.messages()] == ["assistant", "visitor", "assistant"]


def test_a_locked_database_still_gives_the_crisis_reply_and_the_escalation_follows(
    own_service: Scratch, guest: Visitor
) -> None:
    blocker = sqlite3.connect(own_service.folder / "lotus.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    started = time.perf_counter()
    [crisis] = guest.say("i want to die")
    assert time.perf_counter() - started < CRISIS_LIMIT
    assert crisis["kind"] == "crisis"
    assert crisis["id"] is None
    assert "could not reach" in crisis["text"]
    blocker.execute("ROLLBACK")
    blocker.close()
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and not of_conversation(own_service, "escalations", guest):
        threading.Event().wait(0.2)
    assert len(of_conversation(own_service, "escalations", guest)) == 1
    assert [message["text"] for message in guest.messages() if message["role"] == "visitor"] == ["i want to die"]


def test_with_rasa_never_there_the_page_and_the_crisis_path_work(tmp_path: Path) -> None:
    nowhere = {"LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}"}
    with running(tmp_path, "web", wait_for="/healthz", **nowhere) as alone, Visitor(alone.url) as guest:
        assert_safe(guest.say("can somebody call me tomorrow"))
        assert guest.say("i want to die")[0]["kind"] == "crisis"
        assert len(lotus(alone, "escalations")) == 1
        assert not lotus(alone, "appointments")


def test_the_rate_limit_refuses_chatter_but_never_a_crisis(tmp_path: Path) -> None:
    settings = {"LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}", "LOTUS_MESSAGES_PER_MINUTE": "3"}
    with running(tmp_path, "web", wait_for="/healthz", **settings) as alone, Visitor(alone.url) as guest:
        for _ in range(3):
            guest.say("hello")
        refused = guest.post({"client_id": "one-more", "text": "hello"})
        assert refused.status_code == 429
        assert "988" in refused.json()["error"]["message"]
        assert guest.say("i want to die")[0]["kind"] == "crisis"
