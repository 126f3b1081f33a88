"""The figures of the handoff in /metrics, read from the database when they are asked for."""

import structlog
from sqlalchemy.exc import SQLAlchemyError

from clinic.clock import utc_now
from clinic.db import Database
from clinic.handoff.figures import handoff_figures
from clinic.handoff.models import AttemptOutcome
from clinic.models import EscalationState
from web.metrics import ALERTS_CALLING, ALERTS_FAILING, ATTEMPTS, ESCALATIONS, OLDEST_OPEN

log = structlog.get_logger(__name__)


def measure_handoffs(database: Database) -> None:
    """Set the gauges. Where the database cannot be read they keep the values of before, and the log says so."""
    try:
        with database.reading() as session:
            figures = handoff_figures(session, now=utc_now())
    except SQLAlchemyError as problem:
        log.warning("metrics.unreadable", error=type(problem).__name__)
        return
    for state in (EscalationState.open, EscalationState.acknowledged):
        ESCALATIONS.labels(state).set(figures.by_state.get(state, 0))
    for outcome in AttemptOutcome:
        ATTEMPTS.labels(outcome).set(figures.by_outcome.get(outcome, 0))
    OLDEST_OPEN.set(figures.oldest_open.total_seconds())
    ALERTS_CALLING.set(figures.calling)
    ALERTS_FAILING.set(figures.failing)
