"""What staff see of the handoffs: the queue, and which words an escalation rests on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.errors import NotFound
from clinic.handoff.finding import SEVERITIES
from clinic.handoff.models import HandoffNotice
from clinic.handoff.protocol import Notice
from clinic.models import Alert, Conversation, ConversationState, Escalation, EscalationState, Message, Role
from clinic.staff.models import Staff


@dataclass(frozen=True)
class QueueRow:
    """One handoff that is not closed. `unanswered_since`: staff hold the chat, and the visitor waits since then.

    `is_calling`: staff are being alerted for it now; where somebody holds the chat, a colleague may take it over.
    """

    escalation_id: str
    conversation_id: str
    reference: str
    state: str
    severity: str
    risk: str
    about: str | None
    language: str
    source: str
    opened_at: datetime
    raised_at: datetime
    age: timedelta
    acknowledged_at: datetime | None
    owner_id: str | None
    owner_first_name: str | None
    unanswered_since: datetime | None
    follow_up_at: datetime | None
    phone: str | None
    alerts_failing: bool
    says_minor: bool
    is_calling: bool

    @property
    def is_drill(self) -> bool:
        return self.source == "drill"


@dataclass(frozen=True)
class Evidence:
    """Characters `start` to `end` of a message; equal where the evidence has no place (a tapped answer)."""

    message_id: int
    start: int
    end: int
    rule: str


def reference_of(escalation: Escalation) -> str:
    """The six characters that alerts, queue and `lotus escalations` name an escalation by."""
    return escalation.id[:6]


def queue(session: Session, *, now: datetime) -> list[QueueRow]:
    """What is not closed: unacknowledged first, then the more severe, then the older. Quiet follow-ups last."""
    found = session.execute(
        select(Escalation, Conversation, Staff.first_name)
        .join(Conversation, Conversation.id == Escalation.conversation_id)
        .outerjoin(Staff, Staff.id == Escalation.owner_id)
        .where(Escalation.state != EscalationState.closed)
    ).all()
    failing, calling = failing_escalations(session), calling_escalations(session)
    rows = [
        _row(
            session,
            escalation,
            conversation,
            owner,
            is_failing=escalation.id in failing,
            is_calling=escalation.id in calling,
            now=now,
        )
        for escalation, conversation, owner in found
    ]
    return sorted(rows, key=lambda row: _urgency(row, now))


def queue_row(session: Session, *, escalation_id: str, now: datetime) -> QueueRow:
    """The same values for one escalation, also a closed one. Raises NotFound."""
    escalation = session.get(Escalation, escalation_id)
    if escalation is None:
        raise NotFound("escalation")
    conversation = session.get_one(Conversation, escalation.conversation_id)
    owner = session.get(Staff, escalation.owner_id) if escalation.owner_id else None
    return _row(
        session,
        escalation,
        conversation,
        owner and owner.first_name,
        is_failing=escalation.id in failing_escalations(session),
        is_calling=escalation.id in calling_escalations(session),
        now=now,
    )


def failing_escalations(session: Session) -> set[str]:
    """Ids of escalations for which alerts are tried and none has gone out."""
    query = select(Alert.escalation_id).where(
        Alert.stopped_at.is_(None), Alert.delivered_at.is_(None), Alert.last_error.is_not(None)
    )
    return set(session.scalars(query))


def calling_escalations(session: Session) -> set[str]:
    """Ids of escalations for which staff are being alerted."""
    return set(session.scalars(select(Alert.escalation_id).where(Alert.stopped_at.is_(None))))


def unanswered_message(session: Session, escalation: Escalation) -> tuple[datetime, Message | None] | None:
    """Since when the visitor waits for an answer of staff, and for which message; None where nobody waits.

    It counts from the joining where staff have not written at all; then there is no message.
    """
    conversation_id = escalation.conversation_id
    joined_at = session.scalar(
        select(func.max(HandoffNotice.said_at)).where(
            HandoffNotice.escalation_id == escalation.id, HandoffNotice.key == Notice.joined
        )
    )
    answered = session.scalar(
        select(func.max(Message.id)).where(
            Message.conversation_id == conversation_id,
            Message.role == Role.staff,
            Message.created_at >= (joined_at or escalation.opened_at),
        )
    )
    if answered is None:
        return (joined_at, None) if joined_at else None
    waiting = session.scalar(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.role == Role.visitor, Message.id > answered)
        .order_by(Message.id)
        .limit(1)
    )
    return (waiting.created_at, waiting) if waiting else None


def evidence_of(session: Session, *, escalation_id: str) -> Sequence[Evidence]:
    """Where to look: spans of the visitor's messages that opened or raised it. Raises NotFound."""
    escalation = session.get(Escalation, escalation_id)
    if escalation is None:
        raise NotFound("escalation")
    spans = [
        (entry.get("message_id") or escalation.message_id, entry.get("start", 0), entry.get("end", 0), entry["rule"])
        for entry in escalation.evidence
    ]
    if not spans and escalation.message_id:
        spans = [(escalation.message_id, 0, 0, escalation.source)]
    return [Evidence(message_id, start, end, rule) for message_id, start, end, rule in spans if message_id is not None]


def _row(
    session: Session,
    escalation: Escalation,
    conversation: Conversation,
    owner: str | None,
    *,
    is_failing: bool,
    is_calling: bool,
    now: datetime,
) -> QueueRow:
    held = conversation.state == ConversationState.staff
    waiting = unanswered_message(session, escalation) if held else None
    return QueueRow(
        escalation_id=escalation.id,
        conversation_id=escalation.conversation_id,
        reference=reference_of(escalation),
        state=escalation.state,
        severity=escalation.severity,
        risk=escalation.risk,
        about=escalation.about,
        language=escalation.language,
        source=escalation.source,
        opened_at=escalation.opened_at,
        raised_at=escalation.raised_at,
        age=now - escalation.opened_at,
        acknowledged_at=escalation.acknowledged_at,
        owner_id=escalation.owner_id,
        owner_first_name=owner,
        unanswered_since=waiting[0] if waiting else None,
        follow_up_at=escalation.follow_up_at,
        phone=escalation.phone,
        alerts_failing=is_failing,
        says_minor=conversation.says_minor,
        is_calling=is_calling,
    )


def _urgency(row: QueueRow, now: datetime) -> tuple[bool, bool, int, datetime]:
    is_quiet = row.follow_up_at is not None and row.follow_up_at > now
    return is_quiet, row.state != EscalationState.open, -SEVERITIES.index(row.severity), row.opened_at
