"""The tables of booking beside `appointments`. Times are UTC, except where a name says local."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.crypto import Encrypted
from clinic.db import Base, one_of


class VisitorIs(StrEnum):
    adult = "adult"
    guardian = "guardian"


class About(StrEnum):
    first_evaluation = "first_evaluation"
    patient = "patient"
    other = "other"


class Outcome(StrEnum):
    reached = "reached"
    voicemail = "voicemail"
    no_answer = "no_answer"
    wrong_number = "wrong_number"


class Channel(StrEnum):
    email = "email"
    sms = "sms"


class OutboxState(StrEnum):
    pending = "pending"
    sending = "sending"
    delivered = "delivered"
    failed = "failed"
    cancelled = "cancelled"


class Provider(Base):
    """An APRN who calls. `hours` is the week in local time: `{"monday": [["09:00", "17:00"]]}`."""

    __tablename__ = "providers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    is_active: Mapped[bool] = mapped_column(default=True)
    hours: Mapped[dict[str, list[list[str]]]] = mapped_column(JSON, default=dict)


class HoursException(Base):
    """A local day on which a provider, or everybody (`provider_id` null), has other hours; without hours: none."""

    __tablename__ = "hours_exceptions"
    __table_args__ = (
        CheckConstraint("(opens_local IS NULL) = (closes_local IS NULL)", name="both_or_none"),
        CheckConstraint("opens_local IS NULL OR opens_local < closes_local", name="in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[str | None] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"), index=True)
    day: Mapped[date] = mapped_column(index=True)
    opens_local: Mapped[time | None]
    closes_local: Mapped[time | None]


class SlotClaim(Base):
    """A slot that somebody has: held by a conversation until `held_until`, or an appointment's for good.

    The unique pair is what makes a slot go to one person only; nothing else decides it.
    """

    __tablename__ = "slot_claims"
    __table_args__ = (
        UniqueConstraint("provider_id", "starts_at"),
        CheckConstraint("(appointment_id IS NULL) <> (held_until IS NULL)", name="held_or_taken"),
        CheckConstraint("starts_at < ends_at", name="in_order"),
        Index("ix_slot_claims_starts_at", "starts_at"),
        Index("ix_slot_claims_held_until", "held_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[str] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    holder: Mapped[str] = mapped_column(String(64), index=True)
    held_until: Mapped[datetime | None]
    appointment_id: Mapped[int | None] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"), index=True)


class AppointmentNote(Base):
    """What staff wrote about a call."""

    __tablename__ = "appointment_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"), index=True)
    author: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Encrypted)
    created_at: Mapped[datetime]


class SmsConsent(Base):
    """That a number may be texted about one call: the wording agreed to, when, and when it ended."""

    __tablename__ = "sms_consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"), index=True)
    phone: Mapped[str] = mapped_column(Encrypted)
    wording: Mapped[str] = mapped_column(String(64))
    wording_text: Mapped[str]
    given_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class OutboxMessage(Base):
    """One email or text about a call. Once a kind and channel for each `sequence` of the call."""

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("state", OutboxState),
        one_of("channel", Channel),
        UniqueConstraint("appointment_id", "kind", "channel", "sequence"),
        Index("ix_outbox_due", "state", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointments.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(8))
    sequence: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default=OutboxState.pending)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(64))


Details = dict[str, Any]
