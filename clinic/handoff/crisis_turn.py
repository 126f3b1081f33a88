"""A crisis message, from its text to the stored reply, in one transaction."""

from datetime import datetime

from sqlalchemy.orm import Session

from clinic.booking.contact import find_phone
from clinic.chat.conversations import Turn, add_message, add_visitor_message, find_turn
from clinic.handoff.escalate import open_escalation
from clinic.handoff.finding import Finding
from clinic.handoff.protocol import People, crisis_reply
from clinic.handoff.safety_question import note_question
from clinic.handoff.who_is_told import asks_who_is_told
from clinic.models import Conversation


def take_crisis_message(
    session: Session,
    *,
    conversation: Conversation,
    client_id: str,
    text: str,
    finding: Finding,
    people: People,
    now: datetime,
    closed_until: str = "",
) -> Turn:
    """Store the message, the escalation with its alert, and the reply. The same client_id again changes nothing.

    The conversation gets a new Rasa sender, so that no form of before is met again. A phone number in the text joins
    the escalation.
    """
    turn = find_turn(session, conversation_id=conversation.id, client_id=client_id)
    if turn is not None and turn.visitor.answered_at:
        return turn
    visitor = turn.visitor if turn else add_visitor_message(
        session, conversation=conversation, client_id=client_id, text=text, now=now
    )  # fmt: skip
    opened = open_escalation(session, conversation=conversation, finding=finding, message_id=visitor.id, now=now)
    # What is new is answered in full; only more of the same gets the shorter texts.
    earlier = 0 if opened.is_news else conversation.crisis_replies
    also = also_said(text, is_minor=conversation.says_minor)
    if phone := find_phone(text):
        opened.escalation.phone = phone
        also.append("phone_added")
    reply = crisis_reply(finding, people=people, earlier=earlier, also=also, closed_until=closed_until)
    note_question(conversation, reply, now=now)
    stored = add_message(session, conversation=conversation, reply=reply, now=now, turn_of=visitor)
    conversation.crisis_replies += 1
    conversation.epoch += 1
    visitor.answered_at = now
    return Turn(visitor, [stored], is_new=True)


def also_said(text: str, *, is_minor: bool) -> list[str]:
    """Names of the texts that this visitor's crisis reply holds besides."""
    return ["safeut"] * is_minor + ["who_is_told"] * asks_who_is_told(text)
