"""What staff do with calls: lists, confirming, moving, outcomes, notes. Every change is audited with its actor.

`actor` is a staff id. References are read as `LC-ABC234`; an unknown one raises NotFound, a call that is over Conflict.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from clinic import audit
from clinic.booking import book, claims
from clinic.booking.book import CLOSED, By, find_call
from clinic.booking.calendar import Calendar, Slot
from clinic.booking.models import AppointmentNote, Outcome
from clinic.booking.questions import of_call_in_words
from clinic.chat.conversations import add_message
from clinic.chat.reply import Reply
from clinic.content import wording
from clinic.errors import Conflict, InvalidInput
from clinic.models import Appointment, AppointmentState, Conversation, Role
from clinic.settings import ClinicInfo

LONGEST_NOTE = 2_000  # as a message of a chat


@dataclass(frozen=True)
class Call:
    """A call as the console lists it. `overdue`: it should have been made, or its outcome is missing."""

    appointment: Appointment
    notes: list[AppointmentNote]
    overdue: bool


class Due(NamedTuple):
    """How many calls wait for staff: without a time or an outcome; and how many of them are late."""

    waiting: int
    overdue: int


@dataclass(frozen=True)
class FreeDay:
    """A local day on which somebody can call: each provider's id with their free slots."""

    day: date
    providers: list[tuple[str, list[Slot]]]

    @property
    def count(self) -> int:
        return sum(len(slots) for _, slots in self.providers)


def today(session: Session, *, clinic: ClinicInfo, now: datetime) -> list[Call]:
    """The confirmed and finished calls of the clinic's local day, by time."""
    return _between(session, now.astimezone(clinic.zone).date(), 1, clinic=clinic, now=now)


def week(session: Session, *, clinic: ClinicInfo, now: datetime, first: date | None = None) -> list[Call]:
    """Seven local days from `first` on (this week's Monday where it is not given)."""
    local = now.astimezone(clinic.zone).date()
    return _between(session, first or local - timedelta(days=local.weekday()), 7, clinic=clinic, now=now)


def waiting(session: Session, *, now: datetime) -> list[Call]:
    """Requests without a time, and calls whose outcome is missing, soonest due first: so those that are late lead."""
    query = select(Appointment).where(_waits(now)).order_by(Appointment.due_at, Appointment.id)
    return _calls(session, session.scalars(query), now)


def count_due(session: Session, *, now: datetime) -> Due:
    """The numbers of `waiting`, for a page that shows no more than them."""
    late = func.count().filter(Appointment.due_at < now)
    waits, overdue = session.execute(select(func.count(), late).select_from(Appointment).where(_waits(now))).one()
    return Due(waits, overdue)


def next_call(session: Session, *, now: datetime, provider: str | None = None) -> Appointment | None:
    """The first booked call whose time is not over and that nobody has tried yet."""
    query = select(Appointment).where(
        Appointment.state == AppointmentState.confirmed, Appointment.ends_at > now, Appointment.outcome.is_(None)
    )
    if provider:
        query = query.where(Appointment.provider == provider)
    return session.scalar(query.order_by(Appointment.starts_at, Appointment.id).limit(1))


def free_days(calendar: Calendar, *, first: date, days: int, most: int) -> list[FreeDay]:
    """Where a call could be put from a local day on: up to `most` days that have a free slot, with every provider's.

    Sooner than the notice a visitor has to give, since staff know what they can do.
    """
    found: list[FreeDay] = []
    for ahead in range(days):
        day = first + timedelta(days=ahead)
        of_day = [(one.id, slots) for one in calendar.providers if (slots := calendar.free_of(one, day))]
        if of_day:
            found.append(FreeDay(day, of_day))
        if len(found) == most:
            break
    return found


def version_of(appointment: Appointment) -> str:
    """Another value after each change, for a page to say which state it was made from."""
    return f"{appointment.state}.{appointment.sequence}.{appointment.outcome or '-'}"


def check_version(appointment: Appointment, seen: str) -> None:
    """Raises Conflict: "closed" where the call is over, "changed" where it is another one than the page showed."""
    if appointment.state in CLOSED:
        raise Conflict("closed")
    if seen != version_of(appointment):
        raise Conflict("changed")


def confirm(
    session: Session, reference: str, slot: Slot, *, actor: str, clinic: ClinicInfo, now: datetime
) -> Appointment:
    """Give a request its time. Raises SlotTaken, or Conflict where it has one or is over."""
    appointment = find_call(session, reference)
    if appointment.state != AppointmentState.requested:
        raise Conflict("not_requested")
    book.move_call(session, appointment, slot, clinic=clinic, by=By("console", actor), now=now)
    _tell(session, appointment, "notice_confirmed", clinic, now)
    return appointment


def move(session: Session, reference: str, slot: Slot, *, actor: str, clinic: ClinicInfo, now: datetime) -> Appointment:
    """Another time for a call; reference and calendar UID stay. Raises SlotTaken or Conflict."""
    appointment = find_call(session, reference)
    book.move_call(session, appointment, slot, clinic=clinic, by=By("console", actor), now=now)
    _tell(session, appointment, "notice_moved", clinic, now)
    return appointment


def cancel(session: Session, reference: str, *, actor: str, clinic: ClinicInfo, now: datetime) -> Appointment:
    """Give the time back, and tell the visitor."""
    appointment = find_call(session, reference)
    book.cancel_call(session, appointment, clinic=clinic, by=By("console", actor), now=now)
    _tell(session, appointment, "notice_cancelled", clinic, now)
    return appointment


def record_outcome(session: Session, reference: str, outcome: Outcome, *, actor: str, now: datetime) -> Appointment:
    """What came of a call, of a request without a time as well: staff may just dial.

    Reached closes it as completed, and a time that is still to come is free again; anything else leaves it open for
    another try.
    """
    appointment = _open(session, reference)
    appointment.outcome = outcome
    if outcome == Outcome.reached:
        appointment.state = AppointmentState.completed
        if appointment.starts_at and appointment.starts_at > now:
            claims.free_of(session, appointment.id)
    _audit(session, appointment, "outcome", actor, now, outcome=str(outcome))
    return appointment


def no_show(session: Session, reference: str, *, actor: str, now: datetime) -> Appointment:
    """Close a call that could not be made. Raises Conflict before its time."""
    appointment = _open(session, reference)
    if appointment.state != AppointmentState.confirmed or appointment.starts_at is None or now < appointment.starts_at:
        raise Conflict("not_yet")
    appointment.state = AppointmentState.no_show
    _audit(session, appointment, "no_show", actor, now)
    return appointment


def add_note(session: Session, reference: str, text: str, *, actor: str, now: datetime) -> AppointmentNote:
    """Add what staff want to remember; it is encrypted. Raises InvalidInput with note_empty or note_long."""
    appointment = find_call(session, reference)
    if not text.strip():
        raise InvalidInput("note_empty")
    if len(text.strip()) > LONGEST_NOTE:
        raise InvalidInput("note_long")
    note = AppointmentNote(appointment_id=appointment.id, author=actor, text=text.strip(), created_at=now)
    session.add(note)
    session.flush()
    _audit(session, appointment, "note", actor, now)
    return note


def _waits(now: datetime) -> ColumnElement[bool]:
    late = (Appointment.state == AppointmentState.confirmed) & (Appointment.due_at < now)
    return (Appointment.state == AppointmentState.requested) | late


def _between(session: Session, first: date, days: int, *, clinic: ClinicInfo, now: datetime) -> list[Call]:
    starts = datetime.combine(first, time(0), clinic.zone)
    ends = datetime.combine(first + timedelta(days=days), time(0), clinic.zone)
    query = select(Appointment).where(
        Appointment.starts_at >= starts, Appointment.starts_at < ends, Appointment.state != AppointmentState.cancelled
    )
    return _calls(session, session.scalars(query.order_by(Appointment.starts_at)), now)


def _calls(session: Session, found: Iterable[Appointment], now: datetime) -> list[Call]:
    appointments = list(found)
    notes: dict[int, list[AppointmentNote]] = {}
    ids = [one.id for one in appointments]
    query = select(AppointmentNote).where(AppointmentNote.appointment_id.in_(ids)).order_by(AppointmentNote.id)
    for note in session.scalars(query):
        notes.setdefault(note.appointment_id, []).append(note)
    return [
        Call(one, notes.get(one.id, []), overdue=one.state not in CLOSED and one.due_at < now) for one in appointments
    ]


def _open(session: Session, reference: str) -> Appointment:
    appointment = find_call(session, reference)
    if appointment.state in CLOSED:
        raise Conflict("closed")
    return appointment


def _tell(session: Session, appointment: Appointment, key: str, clinic: ClinicInfo, now: datetime) -> None:
    """In the visitor's chat, where it is still there."""
    conversation = appointment.conversation_id and session.get(Conversation, appointment.conversation_id)
    if not conversation:
        return
    text = wording()["calls"][key].format(
        when=of_call_in_words(appointment, clinic), reference=appointment.reference, phone=clinic.phone
    )
    add_message(
        session, conversation=conversation, reply=Reply("booking", text, "book_call"), now=now, role=Role.notice
    )


def _audit(session: Session, appointment: Appointment, action: str, actor: str, now: datetime, **details: str) -> None:
    audit.record(
        session,
        f"console:appointment:{action}",
        actor=actor,
        subject_id=appointment.reference,
        now=now,
        details={"state": str(appointment.state)} | details,
    )
