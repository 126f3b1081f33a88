"""Somebody may no longer take part: what hung on them goes back to the queue at once, and staff are called."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from clinic.audit import record
from clinic.handoff.alarm import Cause, start_alert
from clinic.handoff.models import OncallPerson
from clinic.handoff.notices import say
from clinic.handoff.protocol import Notice
from clinic.handoff.staff_side import leave
from clinic.models import ConversationState, Escalation, EscalationState
from clinic.staff.models import Staff


def release_handoffs_of(session: Session, *, staff: Staff, by: str, now: datetime) -> int:
    """The chats they hold and those that only they have seen are open again; returns how many.

    The visitor is told. One that is to be followed up later is called for at that time, as if it had been handed back.
    """
    own = [staff.id, *session.scalars(select(OncallPerson.id).where(OncallPerson.staff_id == staff.id))]
    is_seen = (Escalation.state == EscalationState.acknowledged) & Escalation.acknowledged_by.in_(own)
    found = session.scalars(
        select(Escalation)
        .where(
            Escalation.state != EscalationState.closed,
            or_(Escalation.owner_id == staff.id, Escalation.owner_id.is_(None) & is_seen),
        )
        .with_for_update()
    ).all()
    for escalation in found:
        was_held, is_quiet = escalation.owner_id is not None, escalation.follow_up_at is not None
        if was_held:
            leave(session, escalation, ConversationState.waiting)
            escalation.owner_id = None
            say(session, Notice.left if is_quiet else Notice.left_trying, escalation=escalation, staff=staff, now=now)
        if not is_quiet:
            escalation.state = EscalationState.open
            start_alert(session, escalation, cause=Cause.handed_back, now=now)
            if not was_held:
                say(session, Notice.trying_again, escalation=escalation, now=now)
        details = {"staff": staff.id}
        record(session, "console:escalation:release", actor=by, subject_id=escalation.id, now=now, details=details)
    return len(found)


def end_duty_of(session: Session, *, staff: Staff, by: str, now: datetime) -> None:
    """They are called no more, and the links in alerts that they already have stop working."""
    people = select(OncallPerson).where(OncallPerson.staff_id == staff.id, OncallPerson.is_active)
    for person in session.scalars(people).all():
        person.is_active = False
        record(session, "console:oncall:change", actor=by, subject_id=person.id, now=now)
