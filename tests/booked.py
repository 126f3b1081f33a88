"""Calls in the database of a running service, whose times are those of the real clock."""

import itertools
from datetime import datetime, timedelta

from clinic.booking.book import By, Caller, book_call, request_call
from clinic.booking.calendar import Slot, read_calendar
from clinic.booking.preferred_time import Window
from clinic.clock import utc_now
from clinic.db import Database
from clinic.models import Appointment
from clinic.settings import ClinicInfo

numbers = itertools.count()
VISITOR = By("chat")


def free_slots(database: Database, clinic: ClinicInfo, *, now: datetime | None = None) -> list[Slot]:
    """One for each time at which somebody can call."""
    with database.reading() as session:
        calendar = read_calendar(session, clinic=clinic, now=now or utc_now())
        return calendar.free(calendar.everything())


def a_call(
    database: Database,
    clinic: ClinicInfo,
    name: str = "Zebedee",
    *,
    late: bool = False,
    chat: str | None = None,
    voicemail: bool = True,
) -> Appointment:
    """A booked call that is still to come; `late`: it was to be made a week ago."""
    now = utc_now() - timedelta(days=12 if late else 0)
    slot = next(one for one in free_slots(database, clinic, now=now) if one.starts_at > now + timedelta(days=2))
    with database.transaction() as session:
        return book_call(
            session,
            conversation_id=chat,
            caller=_caller(name, voicemail),
            slot=slot,
            consent_wording="call-consent-2",
            clinic=clinic,
            by=VISITOR,
            now=now,
        ).appointment


def a_request(database: Database, clinic: ClinicInfo, name: str = "Zebedee", *, late: bool = False) -> Appointment:
    """A call without a time, for some hours of tomorrow; `late`: of a week ago."""
    now = utc_now() - timedelta(days=8 if late else 0)
    with database.transaction() as session:
        return request_call(
            session,
            conversation_id=None,
            caller=_caller(name, True),
            window=Window(now + timedelta(days=1), now + timedelta(days=1, hours=4)),
            consent_wording="call-consent-2",
            clinic=clinic,
            by=VISITOR,
            now=now,
        ).appointment


def stored_call(database: Database, call: Appointment) -> Appointment:
    """As it is now."""
    with database.reading() as session:
        return session.get_one(Appointment, call.id)


def _caller(name: str, voicemail: bool) -> Caller:
    return Caller(first_name=name, phone=f"+1801555{next(numbers) % 10_000:04}", may_leave_voicemail=voicemail)
