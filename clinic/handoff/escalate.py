"""Opening an escalation: in the caller's transaction, before anything is said to the visitor."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.chat.order import lock_conversation
from clinic.clock import iso
from clinic.handoff.alarm import Cause, start_alert
from clinic.handoff.finding import WITHHOLDING_RISKS, Finding
from clinic.models import Conversation, ConversationState, Escalation, EscalationState


@dataclass(frozen=True)
class Opened:
    """`alerted` is true where this call recorded a new alert: a first one, or one for a higher severity."""

    escalation: Escalation
    alerted: bool


def open_escalation(
    session: Session, *, conversation: Conversation, finding: Finding, message_id: int | None, now: datetime
) -> Opened:
    """Open one, or join the conversation's open one; a higher severity alerts again.

    The escalation, its alert and the conversation's state are written in the session's transaction; nothing is
    sent here.
    """
    lock_conversation(session, conversation.id)
    escalation = session.scalar(
        select(Escalation)
        .where(Escalation.conversation_id == conversation.id, Escalation.state != EscalationState.closed)
        .with_for_update()
    )
    evidence = [entry | {"message_id": message_id} for entry in finding.evidence]
    cause = Cause.opened if escalation is None else Cause.raised
    if escalation is None:
        escalation = Escalation(
            id=secrets.token_urlsafe(12),
            conversation_id=conversation.id,
            message_id=message_id,
            source=finding.source,
            risk=finding.risk,
            severity=finding.severity,
            about=finding.about,
            language=finding.language,
            evidence=evidence,
            opened_at=now,
            raised_at=now,
            state=EscalationState.open,
        )
        session.add(escalation)
        session.flush()
        alerted = True
    elif finding.adds_to(escalation.risk, escalation.severity):
        escalation.risk, escalation.severity = finding.risk, finding.severity
        escalation.about, escalation.source = finding.about, finding.source
        escalation.evidence = [*escalation.evidence, *evidence]
        escalation.message_id, escalation.raised_at = message_id, now
        escalation.state, escalation.follow_up_at = EscalationState.open, None
        alerted = True
    else:
        escalation.evidence = [*escalation.evidence, *evidence]
        alerted = False
    if alerted:
        start_alert(session, escalation, cause=cause, now=now)
    if finding.risk != "none":
        conversation.flagged, conversation.language = True, finding.language
        conversation.withholds = conversation.withholds or finding.risk in WITHHOLDING_RISKS
    if conversation.state == ConversationState.assistant:
        conversation.state = ConversationState.waiting
    return Opened(escalation, alerted)


def add_phone(session: Session, *, conversation_id: str, phone: str) -> bool:
    """Note a number the visitor may be called on (E.164) with the open escalation; False where there is none."""
    escalation = session.scalar(
        select(Escalation).where(
            Escalation.conversation_id == conversation_id, Escalation.state != EscalationState.closed
        )
    )
    if escalation is None:
        return False
    escalation.phone = phone
    return True


def list_escalations(session: Session, *, include_closed: bool = False) -> list[dict[str, str | None]]:
    """Newest first, as plain values for `lotus escalations` (times in UTC, ISO 8601)."""
    query = select(Escalation).order_by(Escalation.opened_at.desc())
    if not include_closed:
        query = query.where(Escalation.state != EscalationState.closed)
    return [
        {
            "id": row.id,
            "conversation_id": row.conversation_id,
            "risk": row.risk,
            "severity": row.severity,
            "state": row.state,
            "source": row.source,
            "about": row.about,
            "language": row.language,
            "phone": row.phone,
            "opened_at": iso(row.opened_at),
        }
        for row in session.scalars(query)
    ]
