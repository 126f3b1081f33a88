"""Emails and texts about a call: planned in the transaction that changes it, sent by the worker, in neutral words.

At least once, as alerts are: a row is claimed, sent, and marked afterwards. What a message says is built when it is
sent, from the call as it is then; a message of an earlier `sequence` is never sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
import structlog
from phonenumbers import timezone as phone_zones
from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from clinic.booking.calendar_file import calendar_file
from clinic.booking.links import call_link
from clinic.booking.models import Channel, OutboxMessage, OutboxState, SmsConsent
from clinic.booking.words import moment_in_words
from clinic.content import wording
from clinic.db import Database
from clinic.models import Appointment, AppointmentState
from clinic.settings import ClinicInfo

log = structlog.get_logger(__name__)
TEXTS_FROM, TEXTS_TO = time(8), time(21)  # no text outside of these hours (47 CFR 64.1200(c)(1)), where the phone lives
STALE = timedelta(minutes=2)  # a worker that died while sending: another one may send after this
FIRST_RETRY, LONGEST_RETRY, MOST_ATTEMPTS = timedelta(minutes=1), timedelta(minutes=30), 12
TOO_LATE = timedelta(minutes=10)  # a reminder that would come later than this before the call is left out


@dataclass(frozen=True)
class Outgoing:
    """What goes out. `to` is an address or a number in E.164; `attachment` a calendar file."""

    channel: str
    to: str
    title: str
    body: str
    attachment: bytes | None = None


Send = Callable[[Outgoing], bool]
"""True only where the provider of the channel has accepted it."""


def plan(session: Session, appointment: Appointment, kind: str, *, clinic: ClinicInfo, now: datetime) -> None:
    """Replace what is still to be sent about a call: the news (booked, moved, cancelled), and its reminder."""
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.appointment_id == appointment.id, OutboxMessage.state == OutboxState.pending)
        .values(state=OutboxState.cancelled)
    )
    for channel in channels_of(session, appointment):
        _add(session, appointment, kind, channel, at=now)
        plan_reminder(session, appointment, channel, clinic=clinic, now=now)


def plan_reminder(
    session: Session, appointment: Appointment, channel: Channel, *, clinic: ClinicInfo, now: datetime
) -> None:
    """A reminder some time before the call; a text within the hours for texts; none where it would come too late."""
    if appointment.state != AppointmentState.confirmed or appointment.starts_at is None:
        return
    at = appointment.starts_at - timedelta(minutes=clinic.booking.reminder_minutes)
    if channel == Channel.sms:
        at = next_text_time(at, appointment.phone, clinic)
        if at >= appointment.starts_at - TOO_LATE:
            return
    if at > now:
        _add(session, appointment, "reminder", channel, at=at)


def channels_of(session: Session, appointment: Appointment) -> list[Channel]:
    """Where news of a call may go: the address that was given, the number where texts were agreed to."""
    email = [Channel.email] if appointment.email else []
    return [*email, Channel.sms] if texts_agreed(session, appointment) else email


def texts_agreed(session: Session, appointment: Appointment) -> bool:
    query = select(SmsConsent.id).where(SmsConsent.appointment_id == appointment.id, SmsConsent.ended_at.is_(None))
    return session.scalar(query.limit(1)) is not None


def next_text_time(moment: datetime, phone: str, clinic: ClinicInfo) -> datetime:
    """The first moment from then on that is between 8 am and 9 pm wherever the number may be, and at the clinic."""
    zones = {clinic.zone, *(ZoneInfo(name) for name in _zones(phone))}
    for minutes in range(0, 48 * 60, 15):
        at = moment + timedelta(minutes=minutes)
        if all(TEXTS_FROM <= at.astimezone(zone).time() < TEXTS_TO for zone in zones):
            return at
    return moment + timedelta(days=2)  # zones that share no such hour: later than any call it could be about


def send_due(database: Database, *, send: Send, channels: set[str], clinic: ClinicInfo, url: str, now: datetime) -> int:
    """Send what is due on the channels that are set up, each claimed atomically; returns how many went out."""
    sent = 0
    while channels and (claimed := _claim(database, channels, now)) is not None:
        with database.reading() as session:
            message = session.get_one(OutboxMessage, claimed)
            appointment = session.get_one(Appointment, message.appointment_id)
            state, outgoing, later = _prepare(session, message, appointment, clinic=clinic, url=url, now=now)
        error = None
        if outgoing is not None:
            try:
                state = OutboxState.delivered if send(outgoing) else OutboxState.pending
            except Exception as problem:  # a provider's library may raise anything; the row must survive it
                state, error = OutboxState.pending, type(problem).__name__
        with database.transaction() as session:
            sent += _mark(session, claimed, state, error, later, tried=outgoing is not None, now=now)
    return sent


def _prepare(
    session: Session, message: OutboxMessage, appointment: Appointment, *, clinic: ClinicInfo, url: str, now: datetime
) -> tuple[OutboxState, Outgoing | None, datetime | None]:
    """What to send, or the state the row gets without sending (and until when it waits)."""
    stale = message.sequence != appointment.sequence or message.channel not in channels_of(session, appointment)
    over = message.kind == "reminder" and appointment.starts_at is not None and now >= appointment.starts_at
    if stale or over or (message.kind == "reminder" and appointment.state != AppointmentState.confirmed):
        return OutboxState.cancelled, None, None
    if message.channel == Channel.sms:
        allowed = next_text_time(now, appointment.phone, clinic)
        if allowed > now:
            return OutboxState.pending, None, allowed
    return OutboxState.sending, compose(message.kind, message.channel, appointment, clinic=clinic, url=url), None


def compose(kind: str, channel: str, appointment: Appointment, *, clinic: ClinicInfo, url: str) -> Outgoing:
    """The message. It says that there is a call and when; nothing of why, and no name but the clinic's."""
    words = wording()["calls"][channel]
    link = call_link(appointment.reference, url)
    when = moment_in_words(appointment.starts_at, clinic) if appointment.starts_at else ""
    filled = {
        "clinic": clinic.name,
        "phone": clinic.phone,
        "when": when,
        "link": link,
        "reference": appointment.reference,
    }
    attachment = calendar_file(appointment, clinic=clinic, url=url) if channel == Channel.email else None
    to = appointment.email if channel == Channel.email else appointment.phone
    return Outgoing(
        channel, to or "", words["title"].format(**filled), words[kind].format(**filled).strip(), attachment
    )


def _add(session: Session, appointment: Appointment, kind: str, channel: Channel, *, at: datetime) -> None:
    """Plan one message, unless this one was planned for this state of the call before."""
    same = select(OutboxMessage).where(
        OutboxMessage.appointment_id == appointment.id,
        OutboxMessage.kind == kind,
        OutboxMessage.channel == channel,
        OutboxMessage.sequence == appointment.sequence,
    )
    found = session.scalar(same)
    if found is None:
        row = OutboxMessage(
            appointment_id=appointment.id, kind=kind, channel=channel, sequence=appointment.sequence, next_attempt_at=at
        )
        session.add(row)
        session.flush()
    elif found.state == OutboxState.cancelled:
        found.state, found.next_attempt_at = OutboxState.pending, at


def _claim(database: Database, channels: set[str], now: datetime) -> int | None:
    with database.transaction() as session:
        due = or_(
            (OutboxMessage.state == OutboxState.pending) & (OutboxMessage.next_attempt_at <= now),
            (OutboxMessage.state == OutboxState.sending) & (OutboxMessage.next_attempt_at <= now - STALE),
        )
        query = select(OutboxMessage).where(due, OutboxMessage.channel.in_(channels)).order_by(OutboxMessage.id)
        row = session.scalar(query.limit(1).with_for_update(skip_locked=True))
        if row is None:
            return None
        row.state, row.next_attempt_at = OutboxState.sending, now
        return row.id


def _mark(
    session: Session, row_id: int, state: OutboxState, error: str | None, later: datetime | None, *, tried: bool,
    now: datetime,
) -> int:  # fmt: skip
    row = session.get(OutboxMessage, row_id, with_for_update=True)
    if row is None:  # erased meanwhile
        return 0
    row.attempts += tried
    row.state, row.last_error = state, error
    if state == OutboxState.delivered:
        row.delivered_at = now
        return 1
    if state == OutboxState.pending:
        row.next_attempt_at = later or now + min(FIRST_RETRY * 2 ** min(row.attempts - 1, 10), LONGEST_RETRY)
        if tried:
            row.last_error = error or "not_accepted"
            log.error("call_message.not_sent", message=row.id, attempts=row.attempts, error=row.last_error)
        if row.attempts >= MOST_ATTEMPTS:
            row.state = OutboxState.failed
    return 0


def _zones(phone: str) -> list[str]:
    """The zones a number may be in; none where that says nothing (a mobile plan of a whole continent)."""
    try:
        zones = phone_zones.time_zones_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return []
    return [name for name in zones if name != "Etc/Unknown"] if len(zones) <= 4 else []
