"""Lines in the visitor's chat about people, each said once per change. The wording is in data/protocol.yml."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.chat.conversations import add_message
from clinic.chat.reply import Reply
from clinic.handoff.models import HandoffNotice
from clinic.handoff.protocol import Notice, buttons, protocol
from clinic.models import Conversation, Escalation, Message, Role
from clinic.staff.models import Staff

# These ask the visitor not to wait for us, so the numbers stand right below.
WITH_RESOURCES = frozenset(
    {Notice.left_trying, Notice.lapsed, Notice.unanswered, Notice.not_delivered, Notice.nobody_answered}
)


def say(
    session: Session,
    notice: Notice,
    *,
    escalation: Escalation,
    now: datetime,
    staff: Staff | None = None,
    about: Message | None = None,
) -> Message | None:
    """Store the line in the conversation, unless it was the last one said (of this person, about this message)."""
    said = last_notice(session, escalation.id)
    who, what = staff and staff.id, about and about.id
    if said and (said.key, said.staff_id, said.about_message_id) == (notice, who, what):
        return None
    session.add(
        HandoffNotice(escalation_id=escalation.id, key=notice, staff_id=who, about_message_id=what, said_at=now)
    )
    language = "es" if escalation.language == "es" else "en"
    words = protocol()["notices"][language][notice]
    if staff:
        words = words.format(first_name=staff.first_name, title=staff.title)
    links = buttons(["call_988", "text_988", "call_911"], language) if notice in WITH_RESOURCES else []
    conversation = session.get_one(Conversation, escalation.conversation_id)
    return add_message(
        session, conversation=conversation, reply=Reply("handoff", words, buttons=links), now=now, role=Role.notice
    )


def last_notice(session: Session, escalation_id: str) -> HandoffNotice | None:
    return session.scalar(
        select(HandoffNotice)
        .where(HandoffNotice.escalation_id == escalation_id)
        .order_by(HandoffNotice.id.desc())
        .limit(1)
    )
