"""`lotus drill`: a marked escalation through the real path, each step with its time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.exc import OperationalError

from clinic.clock import utc_now
from clinic.db import Database
from clinic.handoff.drill import remove_drill, sign_drill
from clinic.handoff.models import AlertAttempt, AttemptOutcome
from clinic.models import Alert, Escalation
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

    def visitor_reads() -> bool:
        said = http.get(f"{path}/messages", headers=headers).raise_for_status().json()["messages"]
        return any(message["role"] == "notice" for message in said)

    try:
        steps = {**steps_of(database, case, ack=ack), "visitor reads it": visitor_reads}
        found.steps |= watch(steps, started=started, seconds=seconds)
    finally:
        _remove(database, begun["id"])
    found.steps["cleaned up"] = time.monotonic() - started


def _remove(database: Database, conversation_id: str) -> None:
    """Tried again while another process holds the database: what is left behind would call staff again and again."""
    for is_last in (*[False] * 4, True):
        try:
            with database.transaction() as session:
                remove_drill(session, conversation_id=conversation_id, now=utc_now())
            return
        except OperationalError:
            if is_last:
                raise


def steps_of(database: Database, case: str, *, ack: bool) -> dict[str, Callable[[], bool]]:
    """What is asked for is stored for good: a step that is over before anybody looks is seen all the same."""

    def attempted(*conditions: ColumnElement[bool]) -> bool:
        query = select(AlertAttempt.id).join(Alert, Alert.id == AlertAttempt.alert_id)
        with database.reading() as session:
            return session.scalar(query.where(Alert.escalation_id == case, *conditions).limit(1)) is not None

    def acknowledged() -> bool:
        someone = or_(Escalation.acknowledged_at.is_not(None), Escalation.closed_at.is_not(None))
        with database.reading() as session:
            return session.scalar(select(Escalation.id).where(Escalation.id == case, someone)) is not None

    steps = {
        "alert handed to a channel": attempted,
        "alert delivered": lambda: attempted(AlertAttempt.outcome == AttemptOutcome.delivered),
    }
    return steps | ({"acknowledged": acknowledged} if ack else {})


def watch(steps: dict[str, Callable[[], bool]], *, started: float, seconds: float) -> dict[str, float | None]:
    """When each has happened, in whatever order they do; gives up once nothing new has happened for `seconds`."""
    times: dict[str, float | None] = dict.fromkeys(steps)
    give_up = time.monotonic() + seconds
    while None in times.values() and time.monotonic() < give_up:
        for step, happened in steps.items():
            if times[step] is None and _is_so(happened):
                times[step] = time.monotonic() - started
                give_up = time.monotonic() + seconds
        time.sleep(LOOK_EVERY)
    return times


def _is_so(happened: Callable[[], bool]) -> bool:
    """A look that fails on a busy machine is no answer; the next one comes soon."""
    try:
        return happened()
    except (OperationalError, httpx.TransportError):
        return False
