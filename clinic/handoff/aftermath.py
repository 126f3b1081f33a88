"""What an earlier flag means for the rest of a conversation."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from clinic.models import Conversation


@dataclass(frozen=True)
class Aftermath:
    """`flagged`: a risk was found; `withhold`: one after which serious-risk topics are left to people."""

    flagged: bool = False
    withhold: bool = False
    language: str = "en"


def aftermath_of(session: Session, conversation_id: str) -> Aftermath:
    conversation = session.get_one(Conversation, conversation_id)
    return Aftermath(conversation.flagged, conversation.withholds, conversation.language)
