"""What becomes of a handoff while time passes: acknowledgements expire, follow-ups fall due, visitors wait too long."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from clinic.audit import record
from clinic.handoff.alarm import Cause, start_alert
from clinic.handoff.models import HandoffNotice
from clinic.handoff.notices import say
from clinic.handoff.protocol import Notice
from clinic.handoff.queue import unanswered_message
from clinic.models import Conversation, ConversationState, Escalation, EscalationState

EXPIRES_AFTER = timedelta(minutes=30)  # PROTOCOL: an acknowledgement without activity of staff
UNANSWERED_AFTER = timedelta(minutes=2)  # PROTOCOL: while staff hold the chat


def run_timers(session: Session, *, now: datetime) -> int:
    """Do everything that is due; returns how many escalations changed. Two workers never do the same twice."""
    return sum((_expire(session, now=now), _follow_up(session, now=now), _unanswered(session, now=now)))


def _expire(session: Session, *, now: datetime) -> int:
    expired = session.scalars(
        select(Escalation)
        .join(Conversation, Conversation.id == Escalation.conversation_id)  # locked as well: a line is added to it
        .where(
            Escalation.state == EscalationState.acknowledged,
            Escalation.staff_active_at <= now - EXPIRES_AFTER,
            Escalation.follow_up_at.is_(None),
        )
        .with_for_update(skip_locked=True)
    ).all()
    for escalation in expired:
        conversation = session.get_one(Conversation, escalation.conversation_id)
        was_held = conversation.state == ConversationState.staff
        if was_held:
            conversation.state = ConversationState.waiting
            conversation.epoch += 1
        escalation.state, escalation.owner_id = EscalationState.open, None
        start_alert(session, escalation, cause=Cause.lapsed, now=now)
        say(session, Notice.lapsed if was_held else Notice.trying_again, escalation=escalation, now=now)
        record(session, "worker:escalation:expire", actor="worker", subject_id=escalation.id, now=now)
    return len(expired)


def _follow_up(session: Session, *, now: datetime) -> int:
    due = session.scalars(
        select(Escalation)
        .where(Escalation.state != EscalationState.closed, Escalation.follow_up_at <= now)
        .with_for_update(skip_locked=True)
    ).all()
    for escalation in due:
        escalation.state, escalation.follow_up_at = EscalationState.open, None
        start_alert(session, escalation, cause=Cause.follow_up, now=now)
        record(session, "worker:escalation:follow_up", actor="worker", subject_id=escalation.id, now=now)
    return len(due)


def _unanswered(session: Session, *, now: datetime) -> int:
    held = session.scalars(
        select(Escalation)
        .join(Conversation, Conversation.id == Escalation.conversation_id)
        .where(Escalation.state != EscalationState.closed, Conversation.state == ConversationState.staff)
        .with_for_update(skip_locked=True)
    ).all()
    late = 0
    for escalation in held:
        waiting = unanswered_message(session, escalation)
        if waiting is None or waiting[0] > now - UNANSWERED_AFTER:
            continue
        since, message = waiting
        # A visitor who has gone and is followed up later waits for nothing, unless they have written again.
        if escalation.follow_up_at and escalation.staff_active_at and since <= escalation.staff_active_at:
            continue
        if session.scalar(
            select(
                exists().where(
                    HandoffNotice.escalation_id == escalation.id,
                    HandoffNotice.key == Notice.unanswered,
                    HandoffNotice.said_at >= since,
                )
            )
        ):
            continue
        start_alert(session, escalation, cause=Cause.unanswered, now=now)
        say(session, Notice.unanswered, escalation=escalation, about=message, now=now)
        record(session, "worker:escalation:unanswered", actor="worker", subject_id=escalation.id, now=now)
        late += 1
    return late
