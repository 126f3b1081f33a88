"""Starting and stopping the call for staff, in the caller's transaction. At most one runs for each escalation."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import case, update
from sqlalchemy.orm import Session

from clinic.models import Alert, AlertState, Escalation


class Cause(StrEnum):
    """Why staff are called."""

    opened = "opened"
    raised = "raised"
    repeated = "repeated"
    unanswered = "unanswered"
    lapsed = "lapsed"
    follow_up = "follow_up"
    handed_back = "handed_back"


def start_alert(session: Session, escalation: Escalation, *, cause: Cause, now: datetime) -> Alert:
    """Call staff from now on. A call already running for it ends: the new one begins at the first person."""
    stop_alerts(session, escalation.id, now=now)
    alert = Alert(
        escalation_id=escalation.id, severity=escalation.severity, cause=cause, created_at=now, next_attempt_at=now
    )
    session.add(alert)
    session.flush()
    return alert


def stop_alerts(session: Session, escalation_id: str, *, now: datetime) -> None:
    """Nothing more goes out for this escalation, from this transaction's commit on."""
    session.execute(
        update(Alert)
        .where(Alert.escalation_id == escalation_id, Alert.stopped_at.is_(None))
        .values(
            stopped_at=now, state=case((Alert.delivered_at.is_not(None), AlertState.delivered), else_=AlertState.failed)
        )
        .execution_options(synchronize_session="fetch")
    )
