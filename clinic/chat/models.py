"""The table of turns under way: which process answers a conversation at the moment."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base


class TurnUnderWay(Base):
    """A row while a visitor's message is being answered. `holder` is the turn's mark, `beat` grows while it lives."""

    __tablename__ = "turns_under_way"

    conversation_id: Mapped[str] = mapped_column(
        String(32), ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    holder: Mapped[str] = mapped_column(String(32))
    beat: Mapped[int] = mapped_column(default=0)
