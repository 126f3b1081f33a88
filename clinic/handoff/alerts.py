"""Alerts to staff: taken one by one, sent, and marked delivered only after they were."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from clinic.clock import iso
from clinic.db import Database
from clinic.models import Alert, AlertState, Escalation

log = structlog.get_logger(__name__)
STALE = timedelta(seconds=60)  # a worker that died while sending: another one may send after this
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=10), timedelta(minutes=5)

Send = Callable[[str, str], bool]
"""Title and body out to staff; true only where a channel has accepted it."""


@dataclass(frozen=True)
class Claimed:
    id: int
    title: str
    body: str


def deliver_due(database: Database, *, send: Send, now: datetime) -> int:
    """Send every alert that is due, each claimed atomically; returns how many went out.

    A failed one stays and is tried again, 10 s later at first and at last every 5 minutes, for as long as it takes.
    """
    delivered = 0
    while (claimed := _claim(database, now)) is not None:
        try:
            accepted, error = send(claimed.title, claimed.body), None
        except Exception as problem:  # a channel's library may raise anything; the alert must survive it
            accepted, error = False, type(problem).__name__
        with database.transaction() as session:
            alert = session.get_one(Alert, claimed.id)
            alert.attempts += 1
            if accepted:
                alert.state, alert.delivered_at, alert.last_error = AlertState.delivered, now, None
                delivered += 1
            else:
                alert.state, alert.last_error = AlertState.pending, error or "not_accepted"
                alert.next_attempt_at = now + pause_after(alert.attempts)
                log.error("alert.not_delivered", alert=alert.id, attempts=alert.attempts, error=alert.last_error)
    return delivered


def pause_after(attempts: int) -> timedelta:
    """10 s, 20 s, 40 s, … and 5 minutes from the sixth on."""
    return min(FIRST_RETRY * 2 ** min(attempts - 1, 10), LONGEST_RETRY)


def _claim(database: Database, now: datetime) -> Claimed | None:
    with database.transaction() as session:
        due = or_(
            (Alert.state == AlertState.pending) & (Alert.next_attempt_at <= now),
            (Alert.state == AlertState.sending) & (Alert.next_attempt_at <= now - STALE),
        )
        alert = session.scalar(select(Alert).where(due).order_by(Alert.id).limit(1).with_for_update(skip_locked=True))
        if alert is None:
            return None
        session.execute(update(Alert).where(Alert.id == alert.id).values(state=AlertState.sending, next_attempt_at=now))
        return _message(session, alert)


def _message(session: Session, alert: Alert) -> Claimed:
    """No health information and no words of a visitor: severity, language, time and a reference."""
    escalation = session.get_one(Escalation, alert.escalation_id)
    reference = escalation.id[:6]
    return Claimed(
        alert.id,
        f"Lotus Guide: a visitor needs staff ({alert.severity})",
        f"Reference {reference}, language {escalation.language}, since {iso(escalation.opened_at)}.",
    )
