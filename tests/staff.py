"""Staff over HTTP, and their accounts."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import httpx
from sqlalchemy import select

from cli.scratch import Scratch
from clinic.audit import AuditEntry
from clinic.clock import utc_now
from clinic.db import Database
from clinic.models import Escalation, EscalationState
from clinic.staff.accounts import Profile, add_staff
from clinic.staff.models import StaffRole
from clinic.staff.passwords import Passwords

PASSWORD = "correct battery 42 staple"
HASHING = Passwords(memory_kib=64)
ADMIN = Profile("dana@example.com", "Dana", "Nurse", StaffRole.admin, crisis_trained=True)
TRAINED = Profile("sam@example.com", "Sam", "APRN", StaffRole.staff, crisis_trained=True)
UNTRAINED = Profile("robin@example.com", "Robin", "Front desk")


def open_account(database: Database, profile: Profile, *, must_change_password: bool = False) -> str:
    """A stored account with PASSWORD; its id."""
    with database.transaction() as session:
        return add_staff(
            session,
            profile=profile,
            password=PASSWORD,
            passwords=HASHING,
            must_change_password=must_change_password,
            by="terminal",
            now=utc_now(),
        ).id


@dataclass(frozen=True)
class Team:
    """The ids of the three accounts, and the database that holds them."""

    url: str
    database: Database
    admin: str
    trained: str
    untrained: str

    @classmethod
    def of(cls, service: Scratch) -> Self:
        database = Database(f"sqlite:///{service.folder / 'lotus.db'}")
        return cls(service.url, database, *(open_account(database, one) for one in (ADMIN, TRAINED, UNTRAINED)))

    def escalation_of(self, conversation_id: str) -> str:
        """The open escalation's id; on a busy machine it may have to come from the spool first."""
        query = select(Escalation.id).where(
            Escalation.conversation_id == conversation_id, Escalation.state != EscalationState.closed
        )
        found: list[str] = []

        def is_there() -> bool:
            with self.database.reading() as session:
                found.extend(session.scalars(query))
            return bool(found)

        wait_until(is_there)
        return found[0]


class StaffClient:
    """A browser without scripts: keeps cookies, fills in the form token of the page it looked at last."""

    def __init__(self, url: str, *, address: str = "127.0.0.1") -> None:
        # The service trusts this machine as a proxy, so each test can come from an address of its own.
        headers = {"X-Forwarded-For": address, "Sec-Fetch-Mode": "navigate"}
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=30, headers=headers)
        self.address, self.csrf = address, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str) -> httpx.Response:
        answer = self.http.get(path, follow_redirects=True)
        if found := re.search(r'name="csrf" (?:value|content)="(\w+)"', answer.text):
            self.csrf = found[1]
        return answer

    def post(self, path: str, **fields: Any) -> httpx.Response:
        return self.http.post(path, data={"csrf": self.csrf} | fields)

    def sign_in(self, profile: Profile, password: str = PASSWORD) -> httpx.Response:
        self.get("/console/sign-in")
        answer = self.post("/console/sign-in", email=profile.email, password=password)
        if answer.status_code == 303:
            self.get("/console/account/password")
        return answer

    @property
    def session(self) -> str | None:
        return self.http.cookies.get("lotus_console")

    def first_chat(self) -> str:
        """The path of the chat at the top of the queue."""
        found = re.search(r"/console/conversations/[\w-]+", self.get("/console").text)
        assert found
        return found[0]


def trail(team: Team, tag: str) -> list[AuditEntry]:
    """Entries of the audit trail, oldest first."""
    with team.database.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.tag == tag).order_by(AuditEntry.id)))


def counted(team: Team, tag: str, client: StaffClient) -> int:
    """How many refusals of that kind the trail counts for the client's address."""
    entries = (entry.details for entry in trail(team, tag))
    return sum(details["count"] for details in entries if details.get("address") == client.address)


def wait_until(is_so: Callable[[], bool], seconds: float = 15.0) -> None:
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up, "it did not come true in time"
        time.sleep(0.1)
