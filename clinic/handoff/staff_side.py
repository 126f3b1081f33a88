"""What staff do with a handoff. Each step is one function in the caller's transaction, and leaves an audit entry.

All of them raise NotFound where there is no such escalation, NotAllowed where this person may not do it, and Conflict
where the state has moved on.
"""

from datetime import datetime, timedelta

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from clinic.audit import record
from clinic.chat.conversations import add_message
from clinic.chat.order import lock_conversation
from clinic.chat.reply import Reply
from clinic.clock import iso
from clinic.errors import Conflict, HeldByAnother, InvalidInput, NotAllowed, NotFound
from clinic.handoff.alarm import Cause, start_alert, stop_alerts
from clinic.handoff.finding import SEVERITIES
from clinic.handoff.models import FalseAlarm
from clinic.handoff.notices import say
from clinic.handoff.playbook import close_reason
from clinic.handoff.protocol import Notice
from clinic.handoff.queue import Evidence, QueueRow, evidence_of, queue, queue_row
from clinic.models import Alert, Conversation, ConversationState, Escalation, EscalationState, Message, Role
from clinic.staff.models import Staff

__all__ = [
    "Evidence",
    "QueueRow",
    "acknowledge",
    "change_severity",
    "claim",
    "close",
    "evidence_of",
    "hand_back",
    "queue",
    "queue_row",
    "set_follow_up",
    "take_over",
    "touch",
    "write",
]
LONGEST_MESSAGE = 2_000  # characters, as long as a visitor's may be
LATEST_FOLLOW_UP = timedelta(days=7)  # until then nobody is called: a year mistyped must not be for ever


def claim(session: Session, *, escalation_id: str, staff: Staff, now: datetime) -> Escalation:
    """Take the chat: one owner, however many try at once. The loser gets HeldByAnother with the owner's first name.

    The visitor reads who joined, the assistant is silent from here on, also with a reply it was already working on.
    Claiming what one has already is no error and says nothing again.
    """
    _check(staff)
    lock_chat(session, escalation_id)
    taken = session.execute(
        update(Escalation)
        .where(
            Escalation.id == escalation_id,
            Escalation.owner_id.is_(None),
            Escalation.state != EscalationState.closed,
        )
        .values(owner_id=staff.id)
        .execution_options(synchronize_session=False)
    )
    escalation = _load(session, escalation_id)
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        if escalation.owner_id == staff.id:
            return escalation
        owner = session.get(Staff, escalation.owner_id) if escalation.owner_id else None
        raise HeldByAnother(owner.first_name) if owner else Conflict("escalation")
    _acknowledged(session, escalation, by=staff.id, now=now)
    conversation = session.get_one(Conversation, escalation.conversation_id)
    conversation.state = ConversationState.staff
    conversation.epoch += 1  # a reply that Rasa is still working on is dropped, even if the chat is handed back at once
    say(session, Notice.joined, escalation=escalation, staff=staff, now=now)
    record(session, "console:escalation:claim", actor=staff.id, subject_id=escalation_id, now=now)
    return escalation


def take_over(session: Session, *, escalation_id: str, staff: Staff, now: datetime) -> Escalation:
    """Take a chat that a colleague holds, while staff are being alerted for it: the colleague does not answer.

    One owner, however many try at once: the first one ends the alert, and the others get HeldByAnother. So does who
    tries while nobody is alerted. The visitor reads who joined.
    """
    _check(staff)
    before = session.scalar(select(Escalation.owner_id).where(Escalation.id == escalation_id))
    if before in (None, staff.id):
        return claim(session, escalation_id=escalation_id, staff=staff, now=now)
    is_calling = exists().where(Alert.escalation_id == Escalation.id, Alert.stopped_at.is_(None))
    taken = session.execute(
        update(Escalation)
        .where(
            Escalation.id == escalation_id,
            Escalation.owner_id == before,
            Escalation.state != EscalationState.closed,
            is_calling,
        )
        .values(owner_id=staff.id)
        .execution_options(synchronize_session=False)
    )
    escalation = _load(session, escalation_id)
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        owner = session.get(Staff, escalation.owner_id) if escalation.owner_id else None
        raise HeldByAnother(owner.first_name) if owner else Conflict("escalation")
    _acknowledged(session, escalation, by=staff.id, now=now)
    say(session, Notice.joined, escalation=escalation, staff=staff, now=now)
    details = {"from": before}
    record(session, "console:escalation:take_over", actor=staff.id, subject_id=escalation_id, now=now, details=details)
    return escalation


def acknowledge(session: Session, *, escalation_id: str, staff: Staff, now: datetime) -> Escalation:
    """Say that a person knows of it, without taking the chat. Alerts stop; the visitor reads that it was seen."""
    _check(staff)
    escalation = _load(session, escalation_id)
    acknowledge_as(session, escalation, by=staff.id, now=now)
    record(session, "console:escalation:acknowledge", actor=staff.id, subject_id=escalation_id, now=now)
    return escalation


def acknowledge_as(session: Session, escalation: Escalation, *, by: str, now: datetime) -> None:
    """What every acknowledgement does, by a staff id or the id of a person on call."""
    was_open = escalation.state == EscalationState.open
    _acknowledged(session, escalation, by=by, now=now)
    if was_open and escalation.owner_id is None:
        say(session, Notice.seen, escalation=escalation, now=now)


def touch(session: Session, *, escalation_id: str, staff: Staff, now: datetime) -> None:
    """The owner is there (has the chat open, is typing): the acknowledgement does not expire. No audit entry."""
    escalation = _load(session, escalation_id)
    if escalation.owner_id == staff.id:
        escalation.staff_active_at = now


def write(session: Session, *, escalation_id: str, staff: Staff, text: str, now: datetime) -> Message:
    """A message of the owner to the visitor. Raises InvalidInput for an empty or overlong one."""
    escalation = _owned(session, escalation_id, staff)
    words = text.strip()
    if not words:
        raise InvalidInput("empty_message")
    if len(words) > LONGEST_MESSAGE:
        raise InvalidInput("long_message")
    _acknowledged(session, escalation, by=staff.id, now=now)
    conversation = session.get_one(Conversation, escalation.conversation_id)
    message = add_message(session, conversation=conversation, reply=Reply("handoff", words), now=now, role=Role.staff)
    message.author = f"{staff.first_name}, {staff.title}"
    details = {"message": message.id}
    record(session, "console:escalation:write", actor=staff.id, subject_id=escalation_id, now=now, details=details)
    return message


def set_follow_up(session: Session, *, escalation_id: str, staff: Staff, at: datetime | None, now: datetime) -> None:
    """The visitor has gone: nobody is paged before `at`; None takes it back. InvalidInput for a time past or far."""
    escalation = _workable(session, escalation_id, staff)
    if at is not None and at <= now:
        raise InvalidInput("past_time")
    if at is not None and at > now + LATEST_FOLLOW_UP:
        raise InvalidInput("far_time")
    _acknowledged(session, escalation, by=staff.id, now=now)
    escalation.follow_up_at = at
    details = {"at": iso(at)}
    record(session, "console:escalation:follow_up", actor=staff.id, subject_id=escalation_id, now=now, details=details)


def change_severity(session: Session, *, escalation_id: str, staff: Staff, severity: str, now: datetime) -> Escalation:
    """Raise or lower it. Raised while nobody has the chat, it alerts again."""
    escalation = _workable(session, escalation_id, staff)
    if severity not in SEVERITIES:
        raise InvalidInput("severity")
    before, escalation.severity = escalation.severity, severity
    escalation.staff_active_at = now
    if SEVERITIES.index(severity) > SEVERITIES.index(before) and escalation.owner_id is None:
        escalation.raised_at = now
        start_alert(session, escalation, cause=Cause.raised, now=now)
    details = {"from": before, "to": severity}
    record(session, "console:escalation:severity", actor=staff.id, subject_id=escalation_id, now=now, details=details)
    return escalation


def hand_back(
    session: Session, *, escalation_id: str, staff: Staff, now: datetime, reason: str | None = None
) -> Escalation:
    """Leave the chat to the assistant. With a close reason it is closed; without one staff are called again.

    Without a reason and with a time to follow up, nobody is called before that time.
    """
    escalation = _owned(session, escalation_id, staff)
    if reason is not None:
        _close(session, escalation, staff=staff, reason=reason, now=now)
    else:
        is_quiet = escalation.follow_up_at is not None and escalation.follow_up_at > now
        leave(session, escalation, ConversationState.waiting)
        escalation.owner_id = None
        say(session, Notice.left if is_quiet else Notice.left_trying, escalation=escalation, staff=staff, now=now)
        if not is_quiet:
            escalation.state = EscalationState.open
            start_alert(session, escalation, cause=Cause.handed_back, now=now)
    details = {"reason": reason}
    record(session, "console:escalation:hand_back", actor=staff.id, subject_id=escalation_id, now=now, details=details)
    return escalation


def close(session: Session, *, escalation_id: str, staff: Staff, reason: str, now: datetime) -> Escalation:
    """End the handoff with a reason of data/playbook.yml. Who holds the chat leaves it with that."""
    escalation = _workable(session, escalation_id, staff)
    _close(session, escalation, staff=staff, reason=reason, now=now)
    details = {"reason": reason}
    record(session, "console:escalation:close", actor=staff.id, subject_id=escalation_id, now=now, details=details)
    return escalation


def _close(session: Session, escalation: Escalation, *, staff: Staff, reason: str, now: datetime) -> None:
    known = close_reason(reason)
    conversation = session.get_one(Conversation, escalation.conversation_id)
    was_held = conversation.state == ConversationState.staff
    escalation.state, escalation.closed_at, escalation.close_reason = EscalationState.closed, now, reason
    escalation.staff_active_at, escalation.follow_up_at = now, None
    stop_alerts(session, escalation.id, now=now)
    leave(session, escalation, ConversationState.assistant)
    if was_held:
        say(session, Notice.left, escalation=escalation, staff=staff, now=now)
    if known.get("is_false_alarm"):
        _keep_false_alarm(session, escalation, staff=staff, now=now)


def _keep_false_alarm(session: Session, escalation: Escalation, *, staff: Staff, now: datetime) -> None:
    """One row for each message that opened or raised it, for `lotus screen false-alarms`."""
    seen = {item.message_id for item in evidence_of(session, escalation_id=escalation.id)}
    for message_id in sorted(seen):
        rules = [
            entry for entry in escalation.evidence if (entry.get("message_id") or escalation.message_id) == message_id
        ]
        session.add(
            FalseAlarm(
                escalation_id=escalation.id,
                message_id=message_id,
                risk=escalation.risk,
                severity=escalation.severity,
                evidence=rules,
                reported_by=staff.id,
                reported_at=now,
            )
        )


def leave(session: Session, escalation: Escalation, state: ConversationState) -> None:
    """The chat goes on in this state, without whoever had it."""
    conversation = session.get_one(Conversation, escalation.conversation_id)
    if conversation.state == ConversationState.staff:
        conversation.epoch += 1  # Rasa knows nothing of what was said meanwhile: it begins anew
    conversation.state = state


def _acknowledged(session: Session, escalation: Escalation, *, by: str, now: datetime) -> None:
    if escalation.state == EscalationState.closed:
        raise Conflict("escalation")
    if escalation.state == EscalationState.open:
        escalation.state = EscalationState.acknowledged
        escalation.acknowledged_by, escalation.acknowledged_at = by, now
    escalation.staff_active_at = now
    stop_alerts(session, escalation.id, now=now)


def _check(staff: Staff) -> None:
    if not (staff.is_active and staff.crisis_trained):
        raise NotAllowed("crisis_trained")


def lock_chat(session: Session, escalation_id: str) -> None:
    """The conversation before the escalation, as a visitor's message locks them: neither waits for the other."""
    conversation_id = session.scalar(select(Escalation.conversation_id).where(Escalation.id == escalation_id))
    if conversation_id:
        lock_conversation(session, conversation_id)


def _load(session: Session, escalation_id: str) -> Escalation:
    """Locked until the end of the transaction, so that two steps on one escalation come one after the other."""
    session.flush()
    lock_chat(session, escalation_id)
    escalation = session.get(Escalation, escalation_id, with_for_update=True, populate_existing=True)
    if escalation is None:
        raise NotFound("escalation")
    return escalation


def _workable(session: Session, escalation_id: str, staff: Staff) -> Escalation:
    """Not closed, and nobody else's."""
    _check(staff)
    escalation = _load(session, escalation_id)
    if escalation.state == EscalationState.closed:
        raise Conflict("escalation")
    if escalation.owner_id not in (None, staff.id):
        owner = session.get_one(Staff, escalation.owner_id)
        raise HeldByAnother(owner.first_name)
    return escalation


def _owned(session: Session, escalation_id: str, staff: Staff) -> Escalation:
    escalation = _workable(session, escalation_id, staff)
    if escalation.owner_id != staff.id:
        raise NotAllowed("owner")
    return escalation
