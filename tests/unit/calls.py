"""Callers, slots and times for the tests of booking."""

from datetime import UTC, datetime, timedelta

from clinic.booking.book import By, Caller, Made, book_call, request_call
from clinic.booking.calendar import Slot
from clinic.booking.preferred_time import Window
from clinic.db import Database
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW

PHONE = "+18015550123"
VISITOR = By("chat")
ANNA = Caller(first_name="Anna", last_name="Quillfeather", phone=PHONE)


def slot(clinic: ClinicInfo, hour: int = 9, minute: int = 0, *, day: int = 24, provider: str = "aprn-1") -> Slot:
    """A slot of Tuesday, November 24, 2026, which NOW is the day before of."""
    starts_at = datetime(2026, 11, day, hour, minute, tzinfo=clinic.zone).astimezone(UTC)
    return Slot(starts_at, starts_at + timedelta(minutes=clinic.booking.call_minutes), provider)


def window(clinic: ClinicInfo, hour: int = 9) -> Window:
    starts_at = datetime(2026, 11, 24, hour, tzinfo=clinic.zone)
    return Window(starts_at, starts_at + timedelta(hours=3))


def book(
    database: Database,
    clinic: ClinicInfo,
    chat: str | None,
    at: Slot,
    *,
    caller: Caller = ANNA,
    by: By = VISITOR,
    now: datetime = NOW,
) -> Made:
    with database.transaction() as session:
        return book_call(
            session,
            conversation_id=chat,
            caller=caller,
            slot=at,
            consent_wording="call-consent-1",
            clinic=clinic,
            by=by,
            now=now,
        )


def ask(
    database: Database,
    clinic: ClinicInfo,
    chat: str | None,
    asked: Window,
    *,
    caller: Caller = ANNA,
    by: By = VISITOR,
    now: datetime = NOW,
) -> Made:
    with database.transaction() as session:
        return request_call(
            session,
            conversation_id=chat,
            caller=caller,
            window=asked,
            consent_wording="call-consent-1",
            clinic=clinic,
            by=by,
            now=now,
        )
