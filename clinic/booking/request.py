"""Storing a request for a call."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking.preferred_time import Window
from clinic.clock import iso
from clinic.models import Appointment, AppointmentState

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0/O, 1/I/L: it is read out on the phone
CLOSED = (AppointmentState.completed, AppointmentState.no_show, AppointmentState.cancelled)


@dataclass(frozen=True)
class Requested:
    """`is_new` is false where the conversation had the very same request already."""

    appointment: Appointment
    is_new: bool


def request_call(
    session: Session,
    *,
    conversation_id: str,
    first_name: str,
    phone: str,
    window: Window,
    consent_wording: str,
    now: datetime,
) -> Requested:
    """Store a request (state requested, due when its window ends). The same one again changes nothing."""
    same = session.scalar(
        select(Appointment).where(
            Appointment.conversation_id == conversation_id,
            Appointment.phone == phone,
            Appointment.window_starts_at == window.starts_at,
            Appointment.window_ends_at == window.ends_at,
            Appointment.state.not_in(CLOSED),
        )
    )
    if same is not None:
        return Requested(same, is_new=False)
    appointment = Appointment(
        reference="LC-" + "".join(secrets.choice(ALPHABET) for _ in range(6)),
        conversation_id=conversation_id,
        state=AppointmentState.requested,
        first_name=first_name,
        phone=phone,
        window_starts_at=window.starts_at,
        window_ends_at=window.ends_at,
        requested_at=now,
        due_at=window.ends_at,
        consented_at=now,
        consent_wording=consent_wording,
    )
    session.add(appointment)
    session.flush()
    return Requested(appointment, is_new=True)


def list_appointments(session: Session, *, include_closed: bool = False) -> list[dict[str, str | None]]:
    """Soonest due first, as plain values for `lotus appointments` (times in UTC, ISO 8601)."""
    query = select(Appointment).order_by(Appointment.due_at)
    if not include_closed:
        query = query.where(Appointment.state.not_in(CLOSED))
    return [
        {
            "reference": row.reference,
            "state": row.state,
            "provider": row.provider,
            "starts_at": iso(row.starts_at),
            "window_starts_at": iso(row.window_starts_at),
            "window_ends_at": iso(row.window_ends_at),
            "requested_at": iso(row.requested_at),
            "due_at": iso(row.due_at),
            "conversation_id": row.conversation_id,
        }
        for row in session.scalars(query)
    ]
