"""The slots of the booking form: their names, and windows and slots of the calendar as JSON and back."""

from datetime import datetime
from typing import Any

from rasa_sdk import Tracker

from actions.runtime import metadata, runtime
from clinic.booking.book import By
from clinic.booking.calendar import Slot
from clinic.booking.preferred_time import Window

NAME, WHO, PHONE, TIME = "booking_name", "booking_who", "booking_phone", "booking_time"
ABOUT, CONSENT, OF, CHANGE, TEXTS = (
    "booking_about",
    "booking_consent",
    "booking_of",
    "booking_change",
    "booking_texts",
)
# Not asked for: what the form is about (new, change, texts), the times wished for, the three shown and all shown so
# far, and why those wished for are not among them.
TASK, WISH, SHOWN, SEEN, NOTE = "booking_task", "booking_wish", "booking_shown", "booking_seen", "booking_note"
MOST_WINDOWS = 40


def required(tracker: Tracker) -> list[str]:
    """What this form still has to know, in the order of the questions."""
    task = tracker.get_slot(TASK)
    if task == "texts":
        return [OF, TEXTS]
    if task == "change":
        return [OF, CHANGE, TIME, CONSENT] if tracker.get_slot(CHANGE) == "move" else [OF, CHANGE]
    if tracker.get_slot(WHO) == "minor":
        return [WHO]
    return [NAME, WHO, PHONE, TIME, ABOUT, CONSENT]


def from_window(window: Window) -> dict[str, Any]:
    return {
        "starts_at": window.starts_at.isoformat(),
        "ends_at": window.ends_at.isoformat(),
        "is_exact": window.is_exact,
    }


def from_slot(slot: Slot) -> dict[str, Any]:
    return {"starts_at": slot.starts_at.isoformat(), "ends_at": slot.ends_at.isoformat(), "provider": slot.provider}


def to_time(value: object) -> Slot | Window | None:
    """What the time slot holds; None for anything else (slots fill with words when a form breaks)."""
    if not isinstance(value, dict):
        return None
    starts_at, ends_at = (datetime.fromisoformat(value[key]) for key in ("starts_at", "ends_at"))
    if "provider" in value:
        return Slot(starts_at, ends_at, value["provider"])
    zone = runtime().clinic.zone
    return Window(starts_at.astimezone(zone), ends_at.astimezone(zone), value["is_exact"])


def wish_of(tracker: Tracker) -> list[Window]:
    read = (to_time(value) for value in tracker.get_slot(WISH) or [])
    return [window for window in read if isinstance(window, Window)]


def moments(value: object) -> list[datetime]:
    return [datetime.fromisoformat(one) for one in value] if isinstance(value, list) else []


def by_visitor(tracker: Tracker) -> By:
    return By("chat", message_id=metadata(tracker).get("message_id"))
