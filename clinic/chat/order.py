"""One message at a time per conversation, however many `web` processes there are.

A turn is a row. Its process writes a new beat into it while it works; another process that sees the same beat for some
seconds takes the turn over. Each waits by its own clock, so clocks of machines that differ do no harm.
"""

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from clinic.chat.models import TurnUnderWay
from clinic.models import Conversation


@dataclass(frozen=True)
class Taken:
    """Another turn has the conversation; the same value seen again later means that it has not beaten since."""

    holder: str
    beat: int


def lock_conversation(session: Session, conversation_id: str) -> None:
    """Until the end of the transaction nobody else adds a message to it or changes it.

    Take it before any other row of the conversation: ids of its messages then grow in the order of commits, which is
    what a page resumes from, and no two transactions wait for each other. On SQLite each transaction is alone anyway.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.execute(select(Conversation.id).where(Conversation.id == conversation_id).with_for_update())


def begin_turn(session: Session, *, conversation_id: str, holder: str, lost: Taken | None = None) -> Taken | None:
    """Take the conversation; returns who has it instead. `lost` is one that has not beaten for too long.

    Call it with the conversation locked.
    """
    row = session.get(TurnUnderWay, conversation_id)
    if row is None:
        session.add(TurnUnderWay(conversation_id=conversation_id, holder=holder))
        return None
    taken = Taken(row.holder, row.beat)
    if row.holder != holder and taken != lost:
        return taken
    row.holder, row.beat = holder, 0
    return None


def beat_turn(session: Session, *, conversation_id: str, holder: str) -> bool:
    """A sign of life; False where the turn is over or was taken over."""
    beaten = session.execute(
        update(TurnUnderWay)
        .where(TurnUnderWay.conversation_id == conversation_id, TurnUnderWay.holder == holder)
        .values(beat=TurnUnderWay.beat + 1)
    )
    return beaten.rowcount == 1  # type: ignore[attr-defined]


def end_turn(session: Session, *, conversation_id: str, holder: str) -> None:
    """Let the next message in. Nothing happens where somebody has taken the turn over."""
    session.execute(
        delete(TurnUnderWay).where(TurnUnderWay.conversation_id == conversation_id, TurnUnderWay.holder == holder)
    )
