"""What an earlier flag means for the rest of a conversation."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.handoff.finding import WITHHOLDING_RISKS
from clinic.models import Escalation


@dataclass(frozen=True)
class Aftermath:
    """`flagged`: a risk was found; `withhold`: one after which serious-risk topics are left to people."""

    flagged: bool = False
    withhold: bool = False
    language: str = "en"


def aftermath_of(session: Session, conversation_id: str) -> Aftermath:
    rows = session.scalars(
        select(Escalation)
        .where(Escalation.conversation_id == conversation_id, Escalation.risk != "none")
        .order_by(Escalation.opened_at)
    ).all()
    if not rows:
        return Aftermath()
    return Aftermath(True, any(row.risk in WITHHOLDING_RISKS for row in rows), rows[-1].language)
