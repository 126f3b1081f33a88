"""Counts of escalations and alerts, for /metrics and `lotus doctor`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.handoff.models import AlertAttempt
from clinic.models import Alert, Escalation, EscalationState


@dataclass(frozen=True)
class Figures:
    """`calling`: alerts that are sent or repeated; `failing`: those of them that no channel has taken."""

    by_state: dict[str, int]
    by_outcome: dict[str, int]
    oldest_open: timedelta
    calling: int
    failing: int


def handoff_figures(session: Session, *, now: datetime) -> Figures:
    states = session.execute(
        select(Escalation.state, func.count())
        .where(Escalation.state != EscalationState.closed)
        .group_by(Escalation.state)
    )
    outcomes = session.execute(select(AlertAttempt.outcome, func.count()).group_by(AlertAttempt.outcome))
    oldest = session.scalar(select(func.min(Escalation.raised_at)).where(Escalation.state == EscalationState.open))
    running = session.execute(select(Alert.delivered_at, Alert.last_error).where(Alert.stopped_at.is_(None))).all()
    return Figures(
        by_state=dict(states.tuples().all()),
        by_outcome=dict(outcomes.tuples().all()),
        oldest_open=now - oldest if oldest else timedelta(0),
        calling=len(running),
        failing=sum(row.delivered_at is None and row.last_error is not None for row in running),
    )
