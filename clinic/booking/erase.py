"""Erasing what is kept about a caller, by the reference of the call."""

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from clinic import audit
from clinic.booking.book import By, find_call
from clinic.models import Appointment, Conversation, Escalation, EscalationState


def erase_call(session: Session, reference: str, *, by: By, now: datetime) -> str | None:
    """Delete the call with its notes, messages and slot, and the chat it was asked for in.

    The audit trail keeps that there was a call, under its reference, with no name, number or word. A chat that staff
    still have to look at stays until they close it. Returns the conversation's id (Rasa's memory has it too) where it
    was deleted. Raises NotFound.
    """
    appointment = find_call(session, reference)
    conversation_id = appointment.conversation_id
    audit.record(
        session, f"{by.source}:appointment:erased", actor=by.actor, subject_id=appointment.reference, now=now,
        details={"state": str(appointment.state)},
    )  # fmt: skip
    session.execute(delete(Appointment).where(Appointment.id == appointment.id))
    if conversation_id is None:
        return None
    still_open = exists().where(
        Escalation.conversation_id == Conversation.id, Escalation.state != EscalationState.closed
    )
    gone = session.scalar(select(Conversation.id).where(Conversation.id == conversation_id, ~still_open))
    if gone:
        session.execute(delete(Conversation).where(Conversation.id == gone))
    return gone
