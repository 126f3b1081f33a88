"""Who has a slot. One statement decides it, on SQLite and PostgreSQL alike: the row of a free, expired or own slot
becomes the holder's, and where it is somebody else's no row comes back."""

from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from clinic.booking.calendar import Slot, ensure_providers
from clinic.booking.models import SlotClaim
from clinic.errors import Conflict
from clinic.settings import ClinicInfo


class SlotTaken(Conflict):
    """Somebody else has this slot, or it is not offered any more."""


def hold(session: Session, slot: Slot, *, holder: str, clinic: ClinicInfo, now: datetime) -> datetime:
    """Keep a slot for a conversation for some minutes, and let go of what it held before; returns until when.

    Raises SlotTaken where somebody else has it.
    """
    ensure_providers(session, clinic)
    until = now + timedelta(minutes=clinic.booking.hold_minutes)
    _claim(session, slot, holder=holder, clinic=clinic, now=now, until=until)
    session.execute(
        delete(SlotClaim).where(
            SlotClaim.holder == holder,
            SlotClaim.appointment_id.is_(None),
            (SlotClaim.starts_at != slot.starts_at) | (SlotClaim.provider_id != slot.provider),
        )
    )
    return until


def take(session: Session, slot: Slot, *, holder: str, appointment_id: int, clinic: ClinicInfo, now: datetime) -> None:
    """Make the slot an appointment's, in the caller's transaction, and free what it had before. Raises SlotTaken."""
    ensure_providers(session, clinic)
    claim = _claim(session, slot, holder=holder, clinic=clinic, now=now, until=now)
    session.execute(
        update(SlotClaim).where(SlotClaim.id == claim).values(appointment_id=appointment_id, held_until=None)
    )
    session.execute(
        delete(SlotClaim).where(
            SlotClaim.id != claim,
            (SlotClaim.appointment_id == appointment_id)
            | ((SlotClaim.holder == holder) & SlotClaim.appointment_id.is_(None)),
        )
    )


def release(session: Session, *, holder: str) -> None:
    """Let go of what a conversation holds; what is an appointment's stays."""
    session.execute(delete(SlotClaim).where(SlotClaim.holder == holder, SlotClaim.appointment_id.is_(None)))


def free_of(session: Session, appointment_id: int) -> None:
    """Give an appointment's slot back."""
    session.execute(delete(SlotClaim).where(SlotClaim.appointment_id == appointment_id))


def forget_expired(session: Session, *, now: datetime) -> None:
    """Delete holds that are over. They count as free without it; this keeps the table small."""
    session.execute(delete(SlotClaim).where(SlotClaim.appointment_id.is_(None), SlotClaim.held_until <= now))


def _claim(session: Session, slot: Slot, *, holder: str, clinic: ClinicInfo, now: datetime, until: datetime) -> int:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(SlotClaim).values(
        provider_id=slot.provider,
        starts_at=slot.starts_at,
        ends_at=slot.starts_at + timedelta(minutes=clinic.booking.slot_minutes),
        holder=holder,
        held_until=until,
    )
    mine = row.on_conflict_do_update(
        index_elements=["provider_id", "starts_at"],
        set_={"holder": holder, "held_until": until, "ends_at": row.excluded.ends_at},
        where=SlotClaim.appointment_id.is_(None) & ((SlotClaim.held_until <= now) | (SlotClaim.holder == holder)),
    ).returning(SlotClaim.id)
    claim = session.scalar(mine)
    if claim is None:
        raise SlotTaken("slot")
    return claim
