"""All that is kept about one call, for the page on which staff work on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.audit import AuditEntry
from clinic.booking.book import find_call
from clinic.booking.models import AppointmentNote, OutboxMessage, SmsConsent
from clinic.models import Appointment, Conversation, Escalation


@dataclass(frozen=True)
class Event:
    """A change of the call. `source` is where it was made (chat, page, …), `actor` a staff id or `visitor`."""

    at: datetime
    source: str
    action: str
    actor: str
    details: dict[str, Any]


@dataclass(frozen=True)
class CallFile:
    """`texts` is the newest consent to texts, ended or not. `escalation_id` opens the chat it was asked for in; a chat
    that was never handed to staff (`has_chat`, but no escalation) is not theirs to read.
    """

    appointment: Appointment
    notes: list[AppointmentNote]
    events: list[Event]
    texts: SmsConsent | None
    messages: list[OutboxMessage]
    has_chat: bool
    escalation_id: str | None


def read_call(session: Session, reference: str) -> CallFile:
    """Newest events first. Raises NotFound."""
    call = find_call(session, reference, lock=False)
    notes = select(AppointmentNote).where(AppointmentNote.appointment_id == call.id).order_by(AppointmentNote.id)
    events = select(AuditEntry).where(AuditEntry.subject_id == call.reference, AuditEntry.tag.like("%:appointment:%"))
    consents = select(SmsConsent).where(SmsConsent.appointment_id == call.id).order_by(SmsConsent.id.desc())
    messages = select(OutboxMessage).where(OutboxMessage.appointment_id == call.id).order_by(OutboxMessage.id)
    escalations = select(Escalation.id).where(Escalation.conversation_id == call.conversation_id)
    in_chat = call.conversation_id is not None
    return CallFile(
        appointment=call,
        notes=list(session.scalars(notes)),
        events=[
            Event(one.at, source, action, one.actor, one.details)
            for one in session.scalars(events.order_by(AuditEntry.id.desc()))
            for source, _, action in [one.tag.split(":")]
            if action != "read"
        ],
        texts=session.scalar(consents.limit(1)),
        messages=list(session.scalars(messages)),
        has_chat=in_chat and session.get(Conversation, call.conversation_id) is not None,
        escalation_id=session.scalar(escalations.order_by(Escalation.opened_at.desc()).limit(1)) if in_chat else None,
    )
