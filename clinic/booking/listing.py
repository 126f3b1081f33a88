"""The list of calls for `lotus appointments`, without names and numbers."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking.book import CLOSED
from clinic.clock import iso
from clinic.models import Appointment


def list_appointments(
    session: Session, *, now: datetime, include_closed: bool = False
) -> list[dict[str, str | bool | None]]:
    """Soonest due first, as plain values (times in UTC, ISO 8601). `overdue`: not made, or its outcome is missing."""
    query = select(Appointment).order_by(Appointment.due_at)
    if not include_closed:
        query = query.where(Appointment.state.not_in(CLOSED))
    return [
        {
            "reference": row.reference,
            "state": row.state,
            "provider": row.provider,
            "owner": row.owner,
            "starts_at": iso(row.starts_at),
            "window_starts_at": iso(row.window_starts_at),
            "window_ends_at": iso(row.window_ends_at),
            "requested_at": iso(row.requested_at),
            "due_at": iso(row.due_at),
            "overdue": row.state not in CLOSED and row.due_at < now,
            "about": row.about,
            "outcome": row.outcome,
            "conversation_id": row.conversation_id,
        }
        for row in session.scalars(query)
    ]


def count_overdue(session: Session, *, now: datetime) -> int:
    return sum(bool(row["overdue"]) for row in list_appointments(session, now=now))
