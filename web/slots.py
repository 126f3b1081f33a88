"""A slot as a form of ours carries it: provider|start|end."""

from datetime import datetime

from clinic.booking.calendar import Slot
from clinic.booking.claims import SlotTaken
from clinic.clock import iso

FIRST, LAST = 2000, 2200  # years; at the ends of the calendar a time has no equal in another zone


def slot_value(slot: Slot) -> str:
    return f"{slot.provider}|{iso(slot.starts_at)}|{iso(slot.ends_at)}"


def read_slot(value: str) -> Slot:
    """Raises SlotTaken where it is none. Whether it is offered is checked when it is taken."""
    try:
        provider, start, end = value.split("|")
        starts_at, ends_at = datetime.fromisoformat(start), datetime.fromisoformat(end)
        if starts_at.tzinfo is None or ends_at.tzinfo is None or not FIRST <= starts_at.year <= LAST:
            raise ValueError
    except ValueError as problem:
        raise SlotTaken("slot") from problem
    return Slot(starts_at, ends_at, provider)
