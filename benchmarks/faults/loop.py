"""One fault: arm a point, let a visitor write, and look whether the escalation and its alert are there in the end."""

import contextlib
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from cli.scratch import Scratch
from clinic.clock import utc_now
from clinic.db import Database
from clinic.faults import FILE
from clinic.handoff.alarm import stop_alerts
from clinic.handoff.oncall import add_channel, add_person
from clinic.models import Alert, Escalation, EscalationState

CRISIS = "i want to die"
QUESTION = "how does ketamine work?"
PERSON = "can i talk to a real person please"
RESOURCES = ("988", "911")
RECOVERS = 120.0  # seconds until a killed part is back and has done its work; Rasa alone takes half a minute
RESOURCES_WITHIN = 1.0


@dataclass
class Outcome:
    """`reply_seconds`: to the crisis reply, None where web itself was killed and the widget shows the resources."""

    point: str
    died: bool = False
    reply_seconds: float | None = None
    resources: bool = False
    escalations: int = 0
    alerted_after: float | None = None
    problem: str = ""

    @property
    def passed(self) -> bool:
        in_time = self.reply_seconds is None or self.reply_seconds <= RESOURCES_WITHIN
        return self.died and self.resources and self.escalations == 1 and self.alerted_after is not None and in_time


class Guest:
    """A visitor whose page sends a message again until it was taken, as the widget does."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=15)
        begun = until(self._begin, seconds=RECOVERS)
        self.id: str = begun["id"]
        self.headers = {"Authorization": f"Bearer {begun['token']}"}

    def _begin(self) -> dict:
        with contextlib.suppress(httpx.HTTPError):
            answer = self.http.post("/api/conversations")
            return answer.json() if answer.status_code == 201 else {}
        return {}

    def say(self, words: str) -> tuple[str, float, bool]:
        """The reply's text, the seconds of the answer that came, and whether the first try was cut off."""
        body = {"client_id": secrets.token_hex(8), "text": words}
        cut_off, give_up = False, time.monotonic() + RECOVERS
        while time.monotonic() < give_up:
            started = time.monotonic()
            with contextlib.suppress(httpx.HTTPError):
                answer = self.http.post(f"/api/conversations/{self.id}/messages", json=body, headers=self.headers)
                if answer.status_code == 200:
                    said = " ".join(message["text"] for message in answer.json()["messages"][1:])
                    return said, time.monotonic() - started, cut_off
            cut_off = True
            time.sleep(0.25)
        raise AssertionError("the message was not taken")


def until[T](look: Callable[[], T], *, seconds: float) -> T:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s")


def put_on_call(service: Scratch, *addresses: str) -> None:
    """A person with these channels, so that one that is under way when the worker dies is passed over."""
    database = _database(service)
    with database.transaction() as session:
        person = add_person(session, first_name="Rosa", actor="test", now=utc_now())
        for address in addresses:
            add_channel(
                session,
                person_id=person.id,
                kind="webhook",
                address=address,
                can_wake=True,
                actor="test",
                now=utc_now(),
            )
    database.close()


def break_at(service: Scratch, point: str) -> Outcome:
    """Kill one process at `point`, once, while a visitor writes."""
    outcome = Outcome(point)
    database = _database(service)
    armed = service.folder / FILE
    guest = Guest(service.url)
    try:
        part = point.split(".")[0]
        if part in ("rasa", "actions"):  # killed a moment ago, it would not come to its next point
            until(lambda: _is_ready(service), seconds=RECOVERS)
        started = time.monotonic()
        armed.write_text(point, encoding="utf-8")
        if part in ("rasa", "actions"):
            said, _, _ = guest.say(QUESTION if part == "rasa" else PERSON)
            outcome.resources = all(number in said for number in RESOURCES)
        with _locked(service) if "spool" in point else contextlib.nullcontext():
            said, seconds, cut_off = guest.say(CRISIS)
        outcome.reply_seconds = None if cut_off else seconds
        has_numbers = all(number in said for number in RESOURCES)
        outcome.resources = has_numbers and (outcome.resources or part in ("web", "worker"))
        until(lambda: not armed.exists(), seconds=RECOVERS)
        outcome.died = True
        until(lambda: _count(database, guest.id), seconds=RECOVERS)
        until(lambda: _is_alerted(database, guest.id), seconds=RECOVERS)
        outcome.alerted_after = time.monotonic() - started
        outcome.escalations = _count(database, guest.id)
    except AssertionError as problem:
        outcome.problem = str(problem)
    finally:
        armed.unlink(missing_ok=True)
        _close(database, guest.id)
        guest.http.close()
        database.close()
    return outcome


@contextmanager
def _locked(service: Scratch) -> Iterator[None]:
    """Nobody else can write for two seconds, so that the escalation goes to the spool."""
    blocker = sqlite3.connect(service.folder / "lotus.db", isolation_level=None, check_same_thread=False)
    blocker.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(2.0, blocker.rollback)
    timer.start()
    try:
        yield
    finally:
        timer.join()
        blocker.close()


def _is_ready(service: Scratch) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return httpx.get(f"{service.url}/readyz", trust_env=False, timeout=10).status_code == 200
    return False


def _close(database: Database, chat: str) -> None:
    """So that the next one is not counted into a message about this one."""
    with contextlib.suppress(OperationalError), database.transaction() as session:
        for case in session.scalars(select(Escalation).where(Escalation.conversation_id == chat)):
            case.state, case.closed_at = EscalationState.closed, utc_now()
            stop_alerts(session, case.id, now=utc_now())


def _database(service: Scratch) -> Database:
    return Database(f"sqlite:///{service.folder / 'lotus.db'}")


def _count(database: Database, chat: str) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(Escalation.conversation_id == chat)) or 0


def _is_alerted(database: Database, chat: str) -> bool:
    with database.reading() as session:
        query = select(Alert.id).join(Escalation, Escalation.id == Alert.escalation_id)
        found = query.where(Escalation.conversation_id == chat, Alert.delivered_at.is_not(None)).limit(1)
        return session.scalar(found) is not None
