"""The handoff as it runs: web and worker as processes, alerts to a mail server and a webhook on loopback."""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import httpx
import pytest
from sqlalchemy import select

from cli.scratch import Scratch, free_port, running
from clinic.clock import utc_now
from clinic.db import Database
from clinic.handoff import staff_side
from clinic.handoff.ack_link import ack_from_link
from clinic.handoff.oncall import add_channel, add_person
from clinic.models import Alert, Escalation
from clinic.settings import Settings
from clinic.staff.models import Staff
from tests.receivers import Hook, Inbox, mail_server, until, web_server
from tests.visitor import Message, Visitor, lotus

# Words that stand nowhere but in this visitor's message, and a name and a number beside them.
WORDS = "i want to die, quokkaberry, my name is Zebulon, call me at 801-555-0147"
PRIVATE = ("quokkaberry", "zebulon", "0147", "want to die", "suicid")
KEY = "k" * 40


@pytest.fixture(scope="module")
def mail() -> Iterator[Inbox]:
    with mail_server() as inbox:
        yield inbox


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    with web_server() as opened:
        yield opened


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory, mail: Inbox, hook: Hook) -> Iterator[Scratch]:
    """web and worker, with Rosa on call by webhook and mail. Rasa is not there: the crisis path does not need it."""
    settings = {
        "LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}",
        "LOTUS_SECRET_KEY": KEY,
        "LOTUS_PUBLIC_URL": "https://guide.example",
        "LOTUS_LOG_LEVEL": "DEBUG",
        "LOTUS_HEARTBEAT_URL": f"http://127.0.0.1:{hook.port}/sign-of-life",
    }
    folder = tmp_path_factory.mktemp("handoff")
    with running(folder, "web", "worker", wait_for="/healthz", **settings) as service:
        with database_of(service).transaction() as session:
            rosa = add_person(session, first_name="Rosa", actor="test", now=utc_now())
            for kind, address in (("webhook", hook.address), ("email", mail.address)):
                add_channel(
                    session,
                    person_id=rosa.id,
                    kind=kind,
                    address=address,
                    can_wake=True,
                    actor="test",
                    now=utc_now(),
                )
        yield service


def database_of(service: Scratch) -> Database:
    return Database(f"sqlite:///{service.folder / 'lotus.db'}")


@pytest.fixture
def database(clinic: Scratch) -> Iterator[Database]:
    opened = database_of(clinic)
    yield opened
    opened.close()


@pytest.fixture
def guest(clinic: Scratch) -> Iterator[Visitor]:
    with Visitor(clinic.url) as arrived:
        yield arrived


@pytest.fixture
def anna(database: Database) -> Staff:
    with database.transaction() as session:
        found = session.get(Staff, "anna")
        if found is None:
            found = Staff(
                id="anna",
                email="anna@clinic.example",
                first_name="Anna",
                title="RN",
                crisis_trained=True,
                is_active=True,
                password_hash="x",
                created_at=utc_now(),
            )
            session.add(found)
        return found


def case_of(database: Database, guest: Visitor) -> str:
    with database.reading() as session:
        return session.scalars(select(Escalation.id).where(Escalation.conversation_id == guest.id)).one()


def notices(guest: Visitor) -> list[str]:
    return [message["text"] for message in guest.messages() if message["role"] == "notice"]


def says(guest: Visitor, words: str) -> str:
    """The notice with these words, as soon as it is there."""
    return until(lambda: next((line for line in notices(guest) if words in line), ""), seconds=15)


def test_the_whole_handoff_tells_the_visitor_exactly_what_is_true(
    database: Database, guest: Visitor, anna: Staff, hook: Hook
) -> None:
    before = len(hook.bodies)
    asked = time.monotonic()
    [crisis] = guest.say(WORDS)
    assert "trying to reach clinic staff" in crisis["text"]
    assert notices(guest) == []
    until(lambda: len(hook.bodies) > before, seconds=10)
    assert time.monotonic() - asked < 10
    says(guest, "An alert has gone out")
    case = case_of(database, guest)

    token = re.search(r"/console/ack/([\w.-]+)", hook.bodies[-1])
    assert token
    with database.transaction() as session:
        ack_from_link(session, key=KEY, token=token[1], now=utc_now())
    says(guest, "has seen the alert")
    with database.transaction() as session:
        staff_side.claim(session, escalation_id=case, staff=anna, now=utc_now())
        staff_side.write(session, escalation_id=case, staff=anna, text="Hello, I am Anna.", now=utc_now())
    says(guest, "Anna, RN, from the clinic has joined")
    assert guest.say("thank you") == []  # the assistant is silent
    with database.transaction() as session:
        staff_side.hand_back(session, escalation_id=case, staff=anna, reason="safe_with_plan", now=utc_now())
    says(guest, "Anna from the clinic has left")
    assert guest.say("hello") != []
    roles = " ".join(message["role"] for message in guest.messages())
    assert roles == ("assistant visitor assistant notice notice notice staff visitor notice visitor assistant")
    with database.reading() as session:
        assert session.get_one(Escalation, case).state == "closed"


def test_the_lines_reach_an_open_page_by_its_event_stream(clinic: Scratch, guest: Visitor) -> None:
    heard: list[str] = []
    listening = threading.Event()

    def listen() -> None:
        path = f"{clinic.url}/api/conversations/{guest.id}/events"
        with httpx.stream("GET", path, headers=guest.headers, trust_env=False, timeout=30) as stream:
            listening.set()
            for line in stream.iter_lines():
                heard.append(line)
                if "An alert has gone out" in line:
                    return

    page = threading.Thread(target=listen)
    page.start()
    assert listening.wait(10)
    guest.say("i want to die")
    page.join(20)
    assert '"role":"notice"' in heard[-2 if not heard[-1] else -1]


def test_new_risk_while_staff_hold_the_chat_shows_the_resources_and_calls_again(
    database: Database, guest: Visitor, anna: Staff
) -> None:
    guest.say("i don't want to wake up tomorrow")
    case = case_of(database, guest)
    with database.transaction() as session:
        staff_side.claim(session, escalation_id=case, staff=anna, now=utc_now())
    [reply] = guest.say("i just took all my pills")
    assert "911" in reply["text"]
    with database.reading() as session:
        calling = session.scalars(
            select(Alert.cause).where(Alert.escalation_id == case, Alert.stopped_at.is_(None))
        ).all()
        assert session.get_one(Escalation, case).owner_id == anna.id
    assert calling == ["raised"]


def test_twenty_conversations_in_crisis_at_once_are_all_escalated_and_alerted_within_ten_seconds(
    clinic: Scratch, database: Database, hook: Hook
) -> None:
    guests = [Visitor(clinic.url) for _ in range(20)]
    before = len(hook.bodies)
    with ThreadPoolExecutor(20) as at_once:
        replies: list[list[Message]] = list(at_once.map(lambda guest: guest.say("i want to kill myself"), guests))
    assert [reply[0]["kind"] for reply in replies] == ["crisis"] * 20
    chats = {guest.id for guest in guests}

    def first_alerts() -> list[tuple[datetime, datetime]]:
        with database.reading() as session:
            rows = session.execute(
                select(Alert.created_at, Alert.delivered_at)
                .join(Escalation, Escalation.id == Alert.escalation_id)
                .where(Escalation.conversation_id.in_(chats), Alert.delivered_at.is_not(None))
            ).all()
        pairs = [(row[0], row[1] or row[0]) for row in rows]
        return pairs if len(pairs) == 20 else []

    found = until(first_alerts, seconds=20)
    waited = max((delivered - created).total_seconds() for created, delivered in found)
    assert waited < 10
    assert len(hook.bodies) - before < 20
    for guest in guests:
        guest.http.close()


def test_nothing_that_was_sent_logged_or_counted_holds_a_visitor_s_words_name_or_number(
    clinic: Scratch, guest: Visitor, mail: Inbox, hook: Hook
) -> None:
    before = len(hook.bodies)
    guest.say(WORDS)
    until(lambda: len(hook.bodies) > before, seconds=15)
    hook.status = 500  # a failing channel is logged, and the mail is next
    arrived = len(mail.mails)
    with Visitor(clinic.url) as another:
        another.say(WORDS)
        until(lambda: len(mail.mails) > arrived, seconds=20)
    hook.status = 200
    written = {
        "webhook": "\n".join(hook.bodies + hook.heads),
        "mail": "\n".join(mail.as_string() for mail in mail.mails),
        "log": (clinic.folder / "serve.log").read_text(encoding="utf-8"),
        "metrics": httpx.get(f"{clinic.url}/metrics", trust_env=False).text,
    }
    assert {place: word for place, text in written.items() for word in PRIVATE if word in text.casefold()} == {}
    assert guest.id not in written["webhook"] + written["mail"] + written["metrics"]
    assert "127.0.0.1:" + str(hook.port) not in written["log"]
    assert re.search(r'lotus_escalations\{state="open"\} [1-9]', written["metrics"])
    assert re.search(r'lotus_alert_attempts\{outcome="failed"\} [1-9]', written["metrics"])


def test_a_drill_goes_the_real_path_and_leaves_nothing_behind(clinic: Scratch, database: Database, hook: Hook) -> None:
    steps = lotus(clinic, "drill")
    assert [row["step"] for row in steps] == [
        "conversation started",
        "escalation committed",
        "alert handed to a channel",
        "alert delivered",
        "visitor reads it",
        "cleaned up",
    ]
    assert all(row["seconds"] for row in steps)
    assert "DRILL" in hook.bodies[-1]
    with database.reading() as session:
        assert session.scalars(select(Escalation).where(Escalation.source == "drill")).all() == []


def ack_of_the_drill(database: Database, hook: Hook) -> str:
    """The token in the alert of the drill that runs now; a late alert of another one has another reference."""

    def look() -> str:
        with database.reading() as session:
            case = session.scalar(select(Escalation.id).where(Escalation.source == "drill"))
        bodies = [body for body in hook.bodies if case and "DRILL" in body and case[:6] in body]
        link = re.search(r"/console/ack/([\w.-]+)", bodies[-1]) if bodies else None
        return link[1] if link else ""

    return until(look, seconds=60)


def test_a_drill_can_wait_for_the_acknowledgement(clinic: Scratch, database: Database, hook: Hook) -> None:
    def acknowledge() -> None:
        token = ack_of_the_drill(database, hook)
        with database.transaction() as session:
            ack_from_link(session, key=KEY, token=token, now=utc_now())

    with ThreadPoolExecutor(1) as person:
        waiting = person.submit(acknowledge)
        steps = lotus(clinic, "drill", "--ack")
        waiting.result()
    assert "acknowledged" in [row["step"] for row in steps]


@pytest.mark.parametrize("permission", ["", "forged.permission"])
def test_nobody_starts_a_drill_without_the_service_s_key(guest: Visitor, permission: str) -> None:
    answer = guest.http.post(
        f"/api/conversations/{guest.id}/drill", json={"permission": permission}, headers=guest.headers
    )
    assert answer.status_code == 401


def test_a_working_worker_gives_a_sign_of_life(clinic: Scratch, hook: Hook) -> None:
    assert until(lambda: hook.asked, seconds=20)
    assert "sign-of-life" not in (clinic.folder / "serve.log").read_text(encoding="utf-8")


def test_a_channel_is_verified_from_the_terminal_by_the_code_that_arrived(clinic: Scratch, hook: Hook) -> None:
    [rosa] = lotus(clinic, "oncall", "list")["people"]
    webhook = rosa["channels"][0]
    assert (webhook["address"], webhook["verified_at"]) == ("json://127.0.0.1", None)
    lotus(clinic, "oncall", "verify", webhook["id"])
    code = re.search(r"\b\d{6}\b", hook.bodies[-1])
    assert code
    lotus(clinic, "oncall", "verify", webhook["id"], "--code", code[0])
    assert lotus(clinic, "oncall", "list")["people"][0]["channels"][0]["verified_at"]


def test_the_key_of_a_data_folder_is_made_once(clinic: Scratch) -> None:
    made = Settings(data_dir=clinic.folder / "other").secret
    assert Settings(data_dir=clinic.folder / "other").secret == made
    assert (clinic.folder / "other" / "secret.key").stat().st_mode & 0o077 == 0
