"""What staff do with calls: lists, confirming, moving, outcomes, notes, hours. Every change is audited with its actor.

`actor` is a staff id. References are read as `LC-ABC234`; an unknown one raises NotFound, a call that is over Conflict.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic import audit
from clinic.booking import book
from clinic.booking.book import CLOSED, By, find_call
from clinic.booking.calendar import Slot, ensure_providers, read_calendar
from clinic.booking.models import AppointmentNote, HoursException, Outcome, Provider
from clinic.booking.questions import of_call_in_words
from clinic.chat.conversations import add_message
from clinic.chat.reply import Reply
from clinic.clock import iso
from clinic.content import wording
from clinic.errors import Conflict, InvalidInput, NotFound
from clinic.models import Appointment, AppointmentState, Conversation, Role
from clinic.settings import ClinicInfo, Weekday

# A spreadsheet runs what begins so.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Call:
    """A call as the console lists it. `overdue`: it should have been made, or its outcome is missing."""

    appointment: Appointment
    notes: list[AppointmentNote]
    overdue: bool


def today(session: Session, *, clinic: ClinicInfo, now: datetime) -> list[Call]:
    """The confirmed and finished calls of the clinic's local day, by time."""
    return _between(session, now.astimezone(clinic.zone).date(), 1, clinic=clinic, now=now)


def week(session: Session, *, clinic: ClinicInfo, now: datetime, first: date | None = None) -> list[Call]:
    """Seven local days from `first` on (this week's Monday where it is not given)."""
    local = now.astimezone(clinic.zone).date()
    return _between(session, first or local - timedelta(days=local.weekday()), 7, clinic=clinic, now=now)


def waiting(session: Session, *, now: datetime) -> list[Call]:
    """Requests without a time, and calls whose outcome is missing, soonest due first."""
    query = select(Appointment).where(
        (Appointment.state == AppointmentState.requested)
        | ((Appointment.state == AppointmentState.confirmed) & (Appointment.due_at < now))
    )
    return _calls(session, session.scalars(query.order_by(Appointment.due_at)), now)


def free_slots(session: Session, *, clinic: ClinicInfo, now: datetime, first: date, days: int = 7) -> list[Slot]:
    """Where a call could be put, for the console's own choice."""
    calendar = read_calendar(session, clinic=clinic, now=now)
    last = first + timedelta(days=days)
    return calendar.free(one for one in calendar.everything() if first <= one.starts_at.date() < last)


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
    """What came of a call. Reached closes it as completed; anything else leaves it open for another try."""
    appointment = _open(session, reference)
    if appointment.state != AppointmentState.confirmed:
        raise Conflict("not_confirmed")
    appointment.outcome = outcome
    if outcome == Outcome.reached:
        appointment.state = AppointmentState.completed
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
    """Add what staff want to remember; it is encrypted. Raises InvalidInput("note_empty")."""
    appointment = find_call(session, reference)
    if not text.strip():
        raise InvalidInput("note_empty")
    note = AppointmentNote(appointment_id=appointment.id, author=actor, text=text.strip(), created_at=now)
    session.add(note)
    session.flush()
    _audit(session, appointment, "note", actor, now)
    return note


def export_rows(
    session: Session, *, first: date, days: int, actor: str, clinic: ClinicInfo, now: datetime
) -> list[dict[str, str]]:
    """The calls of some local days as plain values, names and numbers included; that it was exported is audited."""
    listed = _between(session, first, days, clinic=clinic, now=now)
    audit.record(
        session,
        "console:appointments:export",
        actor=actor,
        subject_id=first.isoformat(),
        now=now,
        details={"days": days, "count": len(listed)},
    )
    return [
        {
            "reference": one.reference,
            "state": one.state,
            "provider": one.provider or "",
            "starts_at": iso(one.starts_at) or "",
            "name": one.full_name,
            "phone": one.phone,
            "visitor_is": one.visitor_is,
            "about": one.about,
            "voicemail": "yes" if one.may_leave_voicemail else "no",
            "outcome": one.outcome or "",
        }
        for one in (call.appointment for call in listed)
    ]


def as_csv(rows: list[dict[str, str]]) -> str:
    """A table that a spreadsheet opens without running what is in it."""
    output = io.StringIO()
    if rows:
        table = csv.DictWriter(output, list(rows[0]))
        table.writeheader()
        # A number in E.164 begins with + by itself; the quote keeps it text as well.
        table.writerows({key: f"'{v}" if v.startswith(FORMULA) else v for key, v in row.items()} for row in rows)
    return output.getvalue()


def providers(session: Session, *, clinic: ClinicInfo) -> list[Provider]:
    """All providers, those of clinic.yml stored first. Needs a writing session."""
    ensure_providers(session, clinic)
    return list(session.scalars(select(Provider).order_by(Provider.id)))


def set_hours(
    session: Session,
    provider_id: str,
    hours: dict[Weekday, list[tuple[time, time]]],
    *,
    actor: str,
    clinic: ClinicInfo,
    now: datetime,
    is_active: bool = True,
) -> Provider:
    """Replace a provider's week (local times). Calls that are booked already stay; `waiting` does not list them.

    Raises NotFound, or InvalidInput("hours_order") where an end is not after its start or two ranges overlap.
    """
    ensure_providers(session, clinic)
    provider = session.get(Provider, provider_id)
    if provider is None:
        raise NotFound("provider")
    for ranges in hours.values():
        edges = [moment for opens, closes in sorted(ranges) for moment in (opens, closes)]
        if edges != sorted(set(edges)):
            raise InvalidInput("hours_order")
    provider.hours = {day: [[f"{a:%H:%M}", f"{b:%H:%M}"] for a, b in sorted(hours[day])] for day in hours}  # type: ignore[misc]
    provider.is_active = is_active
    audit.record(
        session, "console:provider:hours", actor=actor, subject_id=provider_id, now=now,
        details={"hours": provider.hours, "is_active": is_active},
    )  # fmt: skip
    return provider


def set_exception(
    session: Session,
    day: date,
    ranges: Iterable[tuple[time, time]],
    *,
    provider_id: str | None,
    actor: str,
    clinic: ClinicInfo,
    now: datetime,
) -> None:
    """Other hours on one local day, for one provider or for all (None); no ranges: nobody calls. Opens holidays too."""
    ensure_providers(session, clinic)
    clear_exception(session, day, provider_id=provider_id, actor=actor, now=now)
    kept = list(ranges)
    for opens, closes in kept:
        if opens >= closes:
            raise InvalidInput("hours_order")
    session.add_all(
        HoursException(provider_id=provider_id, day=day, opens_local=opens, closes_local=closes)
        for opens, closes in kept or [(None, None)]
    )
    _audit_day(session, "exception", day, provider_id, actor, now, [f"{a:%H:%M}-{b:%H:%M}" for a, b in kept])


def clear_exception(session: Session, day: date, *, provider_id: str | None, actor: str, now: datetime) -> None:
    """The usual hours again on that day."""
    same = HoursException.provider_id.is_(None) if provider_id is None else HoursException.provider_id == provider_id
    session.execute(delete(HoursException).where(HoursException.day == day, same))
    _audit_day(session, "exception_cleared", day, provider_id, actor, now, [])


def affected(session: Session, *, clinic: ClinicInfo, now: datetime) -> list[Appointment]:
    """Confirmed calls that lie outside of the hours as they are now, for staff to move after a change of hours."""
    calendar = read_calendar(session, clinic=clinic, now=now)
    query = select(Appointment).where(Appointment.state == AppointmentState.confirmed, Appointment.starts_at > now)
    return [
        one
        for one in session.scalars(query.order_by(Appointment.starts_at))
        if one.starts_at and one.ends_at and not calendar.offers(Slot(one.starts_at, one.ends_at, one.provider or ""))
    ]


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


def _audit_day(
    session: Session, action: str, day: date, provider_id: str | None, actor: str, now: datetime, hours: list[str]
) -> None:
    audit.record(
        session,
        f"console:provider:{action}",
        actor=actor,
        subject_id=provider_id or "all",
        now=now,
        details={"day": day.isoformat(), "hours": hours},
    )
