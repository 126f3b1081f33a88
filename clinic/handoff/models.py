"""Tables of the handoff: who is on call, what was tried to reach them, what the visitor was told, false alarms."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from clinic.db import Base, one_of
from clinic.staff.models import Staff


class AttemptOutcome(StrEnum):
    sending = "sending"
    delivered = "delivered"
    failed = "failed"


class ExceptionKind(StrEnum):
    away = "away"
    extra = "extra"


class OncallPerson(Base):
    """Somebody who is alerted. `position` is the order in which they are tried, from 0.

    `weekly_hours` are lists `[weekday, start, end]` in the clinic's zone: Monday is 0, minutes since midnight, 1440 is
    the day's end. `languages` holds "en" or "es". On a holiday of the clinic `works_holidays` decides.
    """

    __tablename__ = "oncall_people"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    staff_id: Mapped[str | None] = mapped_column(ForeignKey(Staff.id, ondelete="SET NULL"))
    first_name: Mapped[str] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(default=0)
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    weekly_hours: Mapped[list[list[int]]] = mapped_column(JSON, default=list)
    works_holidays: Mapped[bool] = mapped_column(default=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class OncallChannel(Base):
    """One way to reach a person. `address` is an Apprise address, or `env:NAME` where a variable holds it.

    It is a secret: it stands in no log and is shown only without its user and password. `code_hash` belongs to the test
    message that waits to be confirmed; `verified_at` is when somebody confirmed that one had arrived.
    """

    __tablename__ = "oncall_channels"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("oncall_people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(Text)
    can_wake: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    code_hash: Mapped[str | None] = mapped_column(String(64))
    tested_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]


class OncallException(Base):
    """Days on which a person's week does not hold: `away`, or on call in `extra` hours as well.

    Days are the clinic's, the last one included; `starts` and `ends` are minutes since midnight (extra only).
    """

    __tablename__ = "oncall_exceptions"
    __table_args__ = (one_of("kind", ExceptionKind),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("oncall_people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16), default=ExceptionKind.away)
    first_day: Mapped[date]
    last_day: Mapped[date]
    starts: Mapped[int] = mapped_column(default=0)
    ends: Mapped[int] = mapped_column(default=1440)


class AlertAttempt(Base):
    """One try to send one alert through one channel: stored before the sending, completed after it.

    `channel_id` and `person_id` outlive the list's rows; a channel of LOTUS_ALERT_URLS is `url:N`. `error` is a kind of
    failure, never its text.
    """

    __tablename__ = "alert_attempts"
    __table_args__ = (one_of("outcome", AttemptOutcome), Index("ix_alert_attempts_channel", "channel_id", "started_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), index=True)
    channel_id: Mapped[str] = mapped_column(String(32))
    person_id: Mapped[str | None] = mapped_column(String(32))
    outcome: Mapped[str] = mapped_column(String(16), default=AttemptOutcome.sending)
    counted: Mapped[int] = mapped_column(default=1)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(64))


class HandoffNotice(Base):
    """What the visitor was told about people, in order; it decides what is said next. `key` names the wording."""

    __tablename__ = "handoff_notices"

    id: Mapped[int] = mapped_column(primary_key=True)
    escalation_id: Mapped[str] = mapped_column(ForeignKey("escalations.id", ondelete="CASCADE"), index=True)
    key: Mapped[str] = mapped_column(String(32))
    about_message_id: Mapped[int | None]
    staff_id: Mapped[str | None] = mapped_column(String(32))
    said_at: Mapped[datetime]


class FalseAlarm(Base):
    """A message that staff closed as no crisis: ids and rules only, its words stay where they are and go with them."""

    __tablename__ = "false_alarms"

    id: Mapped[int] = mapped_column(primary_key=True)
    escalation_id: Mapped[str] = mapped_column(ForeignKey("escalations.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"))
    risk: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    reported_by: Mapped[str] = mapped_column(String(32))
    reported_at: Mapped[datetime]
