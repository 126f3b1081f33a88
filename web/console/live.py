"""Telling open console pages that the queue or the calls have changed."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from clinic.booking.book import CLOSED
from clinic.booking.desk import count_due
from clinic.clock import utc_now
from clinic.db import Database
from clinic.models import Appointment, Escalation, EscalationState, Message

log = structlog.get_logger(__name__)
POLL_SECONDS = 1.0


class QueueHub:
    """Wakes every open page of the queue or of calls once what it shows has changed. Use from one event loop only.

    Whoever changed it, this process or another one, the change is seen in the database within a second.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pages: set[asyncio.Event] = set()
        self._seen = ""

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        self._pages.add(event)
        try:
            yield event
        finally:
            self._pages.discard(event)

    async def poll(self) -> None:
        while True:
            if self._pages:
                try:
                    state = await asyncio.to_thread(self._state)
                except SQLAlchemyError as problem:
                    log.warning("queue.poll_failed", error=type(problem).__name__)
                else:
                    if state != self._seen:
                        self._seen = state
                        for event in self._pages:
                            event.set()
            await asyncio.sleep(POLL_SECONDS)

    def _state(self) -> str:
        with self._database.reading() as session:
            newest = (
                select(func.max(Message.id))
                .where(Message.conversation_id == Escalation.conversation_id)
                .correlate(Escalation)
                .scalar_subquery()
            )
            rows = session.execute(
                select(
                    Escalation.id,
                    Escalation.state,
                    Escalation.severity,
                    Escalation.owner_id,
                    Escalation.raised_at,
                    Escalation.follow_up_at,
                    Escalation.phone,
                    newest,
                )
                .where(Escalation.state != EscalationState.closed)
                .order_by(Escalation.id)
            ).all()
            calls = session.execute(
                select(
                    Appointment.id,
                    Appointment.state,
                    Appointment.sequence,
                    Appointment.starts_at,
                    Appointment.provider,
                    Appointment.outcome,
                )
                .where(Appointment.state.not_in(CLOSED))
                .order_by(Appointment.id)
            ).all()
            due = count_due(session, now=utc_now())  # time alone makes a call late
        return hashlib.sha256(repr((rows, calls, due)).encode()).hexdigest()
