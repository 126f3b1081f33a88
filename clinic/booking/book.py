"""Making, moving and cancelling a call. Each is one transaction with its claim, its audit entry and its messages."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import audit
from clinic.booking import claims, outbox
from clinic.booking.calendar import Slot, read_calendar
from clinic.booking.models import About, VisitorIs
from clinic.booking.preferred_time import Window
from clinic.errors import Conflict, NotFound
from clinic.models import Appointment, AppointmentState, Message
from clinic.settings import ClinicInfo

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0/O, 1/I/L: it is read out on the phone
REFERENCE = re.compile(r"\bLC[- ]?([2-9A-HJKMNP-Z]{6})\b", re.IGNORECASE)
CLOSED = (AppointmentState.completed, AppointmentState.no_show, AppointmentState.cancelled)


@dataclass(frozen=True)
class Caller:
    """Who is to be called, and what about; nothing of their health."""

    first_name: str
    phone: str
    last_name: str | None = None
    visitor_is: str = VisitorIs.adult
    about: str = About.other
    may_leave_voicemail: bool = False
    email: str | None = None


@dataclass(frozen=True)
class By:
    """Who does it: `source` is the audit tag's (chat, page, console, cli), `actor` a staff id or `visitor`.

    `message_id` is the visitor's message, where it was one.
    """

    source: str
    actor: str = "visitor"
    message_id: int | None = None


@dataclass(frozen=True)
class Made:
    """`what` says whether it is new, was moved, or was there already just so."""

    appointment: Appointment
    what: Literal["new", "moved", "same"]


def book_call(
    session: Session,
    *,
    conversation_id: str | None,
    caller: Caller,
    slot: Slot,
    consent_wording: str,
    clinic: ClinicInfo,
    by: By,
    now: datetime,
) -> Made:
    """Book the slot. A call of the same conversation and number that is still open is moved and keeps its reference.

    Raises SlotTaken where the slot went to somebody else; nothing is stored then.
    """
    _answer_is_open(session, by.message_id)
    existing = _open_call(session, conversation_id, caller.phone)
    holder = conversation_id or secrets.token_hex(8)
    if existing is None or (existing.starts_at, existing.provider) != (slot.starts_at, slot.provider):
        # First of all: where many want one slot, those who do not get it are gone at once.
        claims.hold(session, slot, holder=holder, clinic=clinic, now=now)
    if existing is None:
        appointment = _new(session, conversation_id, caller, consent_wording, by, now)
        appointment.window_starts_at, appointment.window_ends_at = slot.starts_at, slot.ends_at
        appointment.due_at = slot.ends_at
        session.add(appointment)
        session.flush()
        _audit(session, appointment, "requested", by, now)
        _give(session, appointment, slot, clinic=clinic, now=now, holder=holder)
        _audit(session, appointment, "confirmed", by, now)
        outbox.plan(session, appointment, "booked", clinic=clinic, now=now)
        return Made(appointment, "new")
    if (existing.starts_at, existing.provider) == (slot.starts_at, slot.provider):
        claims.release(session, holder=holder)
        existing.message_id = by.message_id
        return Made(existing, "same")
    existing.may_leave_voicemail = caller.may_leave_voicemail
    return Made(move_call(session, existing, slot, clinic=clinic, by=by, now=now), "moved")


def request_call(
    session: Session,
    *,
    conversation_id: str | None,
    caller: Caller,
    window: Window,
    consent_wording: str,
    clinic: ClinicInfo,
    by: By,
    now: datetime,
) -> Made:
    """Store a request without a slot: somebody's task, due when its window ends. The same one again changes nothing."""
    _answer_is_open(session, by.message_id)
    existing = _open_call(session, conversation_id, caller.phone, window=window)
    if existing is not None:
        existing.message_id = by.message_id
        return Made(existing, "same")
    appointment = _new(session, conversation_id, caller, consent_wording, by, now)
    appointment.owner = clinic.booking.request_owner
    appointment.window_starts_at, appointment.window_ends_at = window.starts_at, window.ends_at
    appointment.due_at = window.ends_at
    session.add(appointment)
    session.flush()
    if conversation_id:
        claims.release(session, holder=conversation_id)
    _audit(session, appointment, "requested", by, now)
    return Made(appointment, "new")


def move_call(
    session: Session,
    appointment: Appointment,
    slot: Slot,
    *,
    clinic: ClinicInfo,
    by: By,
    now: datetime,
    holder: str | None = None,
) -> Appointment:
    """Another slot for the same call: reference and calendar UID stay. Raises SlotTaken, or Conflict if it is over.

    `holder` is the conversation that holds the slot, where it is another one than the call was booked in.
    """
    _answer_is_open(session, by.message_id)
    if appointment.state in CLOSED:
        raise Conflict("closed")
    was_confirmed = appointment.state == AppointmentState.confirmed
    _give(session, appointment, slot, clinic=clinic, now=now, holder=holder)
    appointment.message_id = by.message_id
    appointment.changed_at = now
    if was_confirmed:
        appointment.sequence += 1
    appointment.outcome = None
    _audit(session, appointment, "moved" if was_confirmed else "confirmed", by, now)
    outbox.plan(session, appointment, "moved" if was_confirmed else "booked", clinic=clinic, now=now)
    return appointment


def cancel_call(session: Session, appointment: Appointment, *, clinic: ClinicInfo, by: By, now: datetime) -> None:
    """Give the slot back and stop what was to be sent. Twice is once; raises Conflict where the call was made."""
    _answer_is_open(session, by.message_id)
    if appointment.state == AppointmentState.cancelled:
        return
    if appointment.state in CLOSED:
        raise Conflict("closed")
    appointment.state, appointment.changed_at = AppointmentState.cancelled, now
    appointment.sequence += 1
    appointment.message_id = by.message_id
    claims.free_of(session, appointment.id)
    _audit(session, appointment, "cancelled", by, now)
    outbox.plan(session, appointment, "cancelled", clinic=clinic, now=now)


def find_call(session: Session, reference: str, *, lock: bool = True) -> Appointment:
    """The call of a reference, however it is written ("lc abc123"). Raises NotFound."""
    wanted = "".join(sign for sign in reference.upper() if sign.isalnum())
    wanted = f"LC-{wanted.removeprefix('LC')}"
    query = select(Appointment).where(Appointment.reference == wanted)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound("appointment")
    return found


def find_by_digits(session: Session, words: str) -> Appointment:
    """The open call whose reference and last four digits of the phone stand in the words. Raises NotFound.

    The reference alone is not enough: it is said on the phone and stands in messages.
    """
    reference = REFERENCE.search(words)
    if reference is None:
        raise NotFound("appointment")
    found = find_call(session, reference[1], lock=False)
    digits = re.findall(r"\d{4}", words.replace(reference[0], " "))
    if found.state in CLOSED or found.phone[-4:] not in digits[-1:]:
        raise NotFound("appointment")
    return found


def open_calls(session: Session, conversation_id: str) -> list[Appointment]:
    """The calls of a conversation that are not over, newest first."""
    query = select(Appointment).where(Appointment.conversation_id == conversation_id, Appointment.state.not_in(CLOSED))
    return list(session.scalars(query.order_by(Appointment.id.desc())))


def _new(
    session: Session, conversation_id: str | None, caller: Caller, consent_wording: str, by: By, now: datetime
) -> Appointment:
    return Appointment(
        reference="LC-" + "".join(secrets.choice(ALPHABET) for _ in range(6)),
        conversation_id=conversation_id,
        message_id=by.message_id,
        state=AppointmentState.requested,
        first_name=caller.first_name,
        last_name=caller.last_name,
        phone=caller.phone,
        email=caller.email,
        visitor_is=caller.visitor_is,
        about=caller.about,
        may_leave_voicemail=caller.may_leave_voicemail,
        requested_at=now,
        consented_at=now,
        consent_wording=consent_wording,
        sequence=0,
    )


def _give(
    session: Session,
    appointment: Appointment,
    slot: Slot,
    *,
    clinic: ClinicInfo,
    now: datetime,
    holder: str | None = None,
) -> None:
    holder = holder or appointment.conversation_id or appointment.reference
    if not read_calendar(session, clinic=clinic, now=now).offers(slot):
        raise claims.SlotTaken("slot")
    claims.take(session, slot, holder=holder, appointment_id=appointment.id, clinic=clinic, now=now)
    appointment.state, appointment.provider, appointment.owner = AppointmentState.confirmed, slot.provider, None
    appointment.starts_at, appointment.ends_at = slot.starts_at, slot.ends_at
    appointment.window_starts_at, appointment.window_ends_at = slot.starts_at, slot.ends_at
    appointment.due_at = slot.ends_at


def _open_call(
    session: Session, conversation_id: str | None, phone: str, *, window: Window | None = None
) -> Appointment | None:
    """The newest open call of the conversation at this number; with a window, only a request for the very same one."""
    for one in open_calls(session, conversation_id) if conversation_id else []:
        same = window is None or (window.starts_at, window.ends_at) == (one.window_starts_at, one.window_ends_at)
        if one.phone == phone and same:
            return one
    return None


def _answer_is_open(session: Session, message_id: int | None) -> None:
    """Nothing may be stored for a message that the visitor has had an answer to, "that failed" included.

    The row is locked until the commit, and `web` closes a turn under the same lock: one of the two is first, and the
    other one sees it. Raises Conflict.
    """
    if message_id is None:
        return
    message = session.scalar(select(Message).where(Message.id == message_id).with_for_update())
    if message is None or message.answered_at is not None:
        raise Conflict("answered")


def _audit(session: Session, appointment: Appointment, action: str, by: By, now: datetime) -> None:
    details = {"state": str(appointment.state), "sequence": appointment.sequence}
    if appointment.starts_at:
        details["starts_at"] = appointment.starts_at.isoformat()
    audit.record(
        session,
        f"{by.source}:appointment:{action}",
        actor=by.actor,
        subject_id=appointment.reference,
        now=now,
        details=details,
    )
