"""What staff closed as no crisis, for the screen's regression file (data/screen/regressions.tsv)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.clock import iso
from clinic.handoff.models import FalseAlarm
from clinic.models import Message


def list_false_alarms(session: Session) -> list[dict[str, str | None]]:
    """Oldest first, with the words as they stand in the chat. They go when the chat goes (retention).

    Before a row becomes a line of the regression file, whoever copies it takes out all that could tell who wrote it.
    """
    rows = session.execute(
        select(FalseAlarm, Message.text).join(Message, Message.id == FalseAlarm.message_id).order_by(FalseAlarm.id)
    )
    return [
        {
            "id": str(row.id),
            "reported_at": iso(row.reported_at),
            "risk": row.risk,
            "severity": row.severity,
            "rules": ", ".join(sorted({entry["rule"] for entry in row.evidence})),
            "text": words,
        }
        for row, words in rows
    ]
