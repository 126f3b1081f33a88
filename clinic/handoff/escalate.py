"""Opening an escalation: in the caller's transaction, before anything is said to the visitor."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.chat.order import lock_conversation
from clinic.clock import iso
from clinic.handoff.alarm import Cause, start_alert
from clinic.handoff.finding import WITHHOLDING_RISKS, Finding
from clinic.models import Alert, Conversation, ConversationState, Escalation, EscalationState

# New risk that is no worse calls staff so often at most: often enough for who has stopped looking, and a visitor who
# writes the same again and again does not make a pager that nobody believes.
CALL_AGAIN_AFTER = timedelta(minutes=5)
MOST_EVIDENCE = 200  # entries; the newest are kept


@dataclass(frozen=True)
class Opened:
    """`alerted` is true where this call recorded a new alert; `is_news` where that was for more than was known."""

    escalation: Escalation
    alerted: bool
    is_news: bool


def open_escalation(
    session: Session, *, conversation: Conversation, finding: Finding, message_id: int | None, now: datetime
) -> Opened:
    """Open one, or join the conversation's open one; more than was known alerts again, and so does new risk in a chat
    that staff hold or have acknowledged (docs/operations.md, "Alerts").

    The escalation, its alert and the conversation's state are written in the session's transaction; nothing is
    sent here.
    """
    lock_conversation(session, conversation.id)
    escalation = session.scalar(
        select(Escalation)
        .where(Escalation.conversation_id == conversation.id, Escalation.state != EscalationState.closed)
        .with_for_update()
    )
    evidence = [entry | {"message_id": message_id, "risk": finding.risk} for entry in _evidence(finding)]
    cause = _why_to_call(session, escalation, conversation, finding, now=now)
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
    else:
        escalation.evidence = [*escalation.evidence, *evidence][-MOST_EVIDENCE:]
        if cause is Cause.raised:
            escalation.risk, escalation.severity = finding.risk, finding.severity
            escalation.about, escalation.source = finding.about, finding.source
            escalation.language = finding.language
            escalation.message_id = message_id
        if cause:
            escalation.raised_at = now
            escalation.state, escalation.follow_up_at = EscalationState.open, None
    if cause:
        start_alert(session, escalation, cause=cause, now=now)
    if finding.risk != "none" or not conversation.flagged:
        conversation.language = finding.language
    if finding.risk != "none":
        conversation.flagged = True
        conversation.withholds = conversation.withholds or finding.risk in WITHHOLDING_RISKS
    if conversation.state == ConversationState.assistant:
        conversation.state = ConversationState.waiting
    return Opened(escalation, alerted=cause is not None, is_news=cause in (Cause.opened, Cause.raised))


def _why_to_call(
    session: Session, escalation: Escalation | None, conversation: Conversation, finding: Finding, *, now: datetime
) -> Cause | None:
    """None where staff know of it, or have been called for the like a moment ago."""
    if escalation is None:
        return Cause.opened
    if finding.is_more_than(escalation.risk, escalation.severity):
        return Cause.raised
    if finding.risk == "none":
        return None
    is_another = finding.is_another_kind(escalation.risk, escalation.severity)
    if is_another and finding.risk not in {entry.get("risk") for entry in escalation.evidence}:
        return Cause.raised
    called = select(func.max(Alert.created_at)).where(
        Alert.escalation_id == escalation.id, Alert.cause.in_((Cause.raised, Cause.repeated))
    )
    last = session.scalar(called)
    if last is not None and now - last < CALL_AGAIN_AFTER:
        return None
    if is_another:
        return Cause.raised
    if escalation.state != EscalationState.acknowledged:
        return None  # staff are being called
    if conversation.state == ConversationState.staff:
        return Cause.repeated
    seen_at = escalation.acknowledged_at or escalation.opened_at  # whoever has just seen it needs time to come
    return Cause.repeated if now - seen_at >= CALL_AGAIN_AFTER else None


def _evidence(finding: Finding) -> list[dict[str, Any]]:
    """Where nothing points to words, the whole message counts."""
    if finding.evidence or finding.risk == "none":
        return finding.evidence
    return [{"rule": finding.source, "start": 0, "end": 0}]


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
