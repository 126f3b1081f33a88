"""The audit trail: who did what, to what, and when. Rows are only ever added, and hold ids, never words."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from clinic.db import Base


class AuditEntry(Base):
    """`tag` is `source:subject:action`, for example `console:escalation:claim` or `worker:alert:delivered`.

    `actor` is a staff id, `visitor`, or the part of the service that acted; `subject_id` the row it happened to.
    """

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    tag: Mapped[str] = mapped_column(String(64), index=True)
    actor: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def record(
    session: Session, tag: str, *, actor: str, subject_id: str, now: datetime, details: dict[str, Any] | None = None
) -> None:
    """Add one entry in the caller's transaction. `details` hold ids, counts and states, never a person's words."""
    if tag.count(":") != 2:
        raise ValueError("an audit tag is source:subject:action")
    session.add(AuditEntry(at=now, tag=tag, actor=actor, subject_id=subject_id, details=details or {}))
