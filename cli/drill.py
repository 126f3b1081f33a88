"""`lotus drill`: a marked escalation through the real path, each step with its time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from sqlalchemy import select

from clinic.clock import utc_now
from clinic.db import Database
from clinic.handoff.drill import remove_drill, sign_drill
from clinic.handoff.models import AlertAttempt, AttemptOutcome
from clinic.models import Alert, Escalation, EscalationState
from clinic.settings import Settings

LOOK_EVERY = 0.1  # seconds


@dataclass
class Drill:
    """Steps with the seconds since the escalation was asked for; None where a step did not come in time."""

    steps: dict[str, float | None] = field(default_factory=dict)
    passed: bool = False

    def rows(self) -> list[dict[str, str | None]]:
        return [
            {"step": step, "seconds": None if seconds is None else f"{seconds:.2f}"}
            for step, seconds in self.steps.items()
        ]


def drill(settings: Settings, url: str, *, severity: str, ack: bool, seconds: float) -> Drill:
    """Start a conversation over HTTP, open the drill in it, watch the database, and remove it again."""
    found = Drill()
    database = Database(settings.database)
    try:
        with httpx.Client(base_url=url, trust_env=False, timeout=15) as http:
            _run(found, http, database, settings, severity=severity, ack=ack, seconds=seconds)
    except httpx.HTTPError:
        found.steps["service answers"] = None
    finally:
        database.close()
    found.passed = bool(found.steps) and None not in found.steps.values()
    return found


def _run(
    found: Drill,
    http: httpx.Client,
    database: Database,
    settings: Settings,
    *,
    severity: str,
    ack: bool,
    seconds: float,
) -> None:
    started = time.monotonic()
    begun = http.post("/api/conversations").raise_for_status().json()
    headers = {"Authorization": f"Bearer {begun['token']}"}
    found.steps["conversation started"] = time.monotonic() - started
    started = time.monotonic()
    permission = sign_drill(key=settings.secret, conversation_id=begun["id"], severity=severity, now=utc_now())
    path = f"/api/conversations/{begun['id']}"
    opened = http.post(f"{path}/drill", json={"permission": permission}, headers=headers).raise_for_status()
    case = opened.json()["escalation_id"]
    found.steps["escalation committed"] = time.monotonic() - started
    try:
        for step, happened in _steps(database, case, ack=ack):
            found.steps[step] = _wait(happened, started=started, seconds=seconds)
            if found.steps[step] is None:
                return

        def visitor_reads() -> bool:
            said = http.get(f"{path}/messages", headers=headers).raise_for_status().json()["messages"]
            return any(message["role"] == "notice" for message in said)

        found.steps["visitor reads it"] = _wait(visitor_reads, started=started, seconds=seconds)
    finally:
        with database.transaction() as session:
            remove_drill(session, conversation_id=begun["id"], now=utc_now())
    found.steps["cleaned up"] = time.monotonic() - started


def _steps(database: Database, case: str, *, ack: bool) -> list[tuple[str, Callable[[], bool]]]:
    def attempted() -> bool:
        with database.reading() as session:
            query = select(AlertAttempt.id).join(Alert, Alert.id == AlertAttempt.alert_id)
            return session.scalar(query.where(Alert.escalation_id == case).limit(1)) is not None

    def delivered() -> bool:
        with database.reading() as session:
            query = select(AlertAttempt.id).join(Alert, Alert.id == AlertAttempt.alert_id)
            done = AlertAttempt.outcome == AttemptOutcome.delivered
            return session.scalar(query.where(Alert.escalation_id == case, done).limit(1)) is not None

    def acknowledged() -> bool:
        with database.reading() as session:
            return session.get_one(Escalation, case).state == EscalationState.acknowledged

    steps = [("alert handed to a channel", attempted), ("alert delivered", delivered)]
    return [*steps, ("acknowledged", acknowledged)] if ack else steps


def _wait(happened: Callable[[], bool], *, started: float, seconds: float) -> float | None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if happened():
            return time.monotonic() - started
        time.sleep(LOOK_EVERY)
    return None
