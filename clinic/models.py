"""The tables. Times are UTC; ids of messages grow, which is what a page resumes from."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from clinic.booking.models import About, Outcome, VisitorIs
from clinic.crypto import Encrypted
from clinic.db import Base, one_of
from clinic.handoff.safety_answer import Question
from clinic.staff.models import Staff


class ConversationState(StrEnum):
    assistant = "assistant"
    waiting = "waiting"
    staff = "staff"


class Role(StrEnum):
    visitor = "visitor"
    assistant = "assistant"
    staff = "staff"
    notice = "notice"


class EscalationState(StrEnum):
    open = "open"
    acknowledged = "acknowledged"
    closed = "closed"


class AlertState(StrEnum):
    pending = "pending"
    sending = "sending"
    delivered = "delivered"
    failed = "failed"


class AppointmentState(StrEnum):
    requested = "requested"
    confirmed = "confirmed"
    completed = "completed"
    no_show = "no_show"
    cancelled = "cancelled"


class Conversation(Base):
    """One visitor's chat. `epoch` counts Rasa senders: a new one starts after a crisis or a failed turn.

    `flagged`, `withholds` and `says_minor` (the visitor wrote that they are under 18; no age is kept) stay once they
    are set, whatever becomes of the escalation. `safety_question` is what the last crisis reply asked and nobody has
    answered, with the time and the messages since; clinic/handoff/safety_question.py says until when it is read.
    """

    __tablename__ = "conversations"
    __table_args__ = (one_of("state", ConversationState), one_of("safety_question", Question))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default=ConversationState.assistant)
    epoch: Mapped[int] = mapped_column(default=0)
    crisis_replies: Mapped[int] = mapped_column(default=0)
    flagged: Mapped[bool] = mapped_column(default=False)
    withholds: Mapped[bool] = mapped_column(default=False)
    says_minor: Mapped[bool] = mapped_column(default=False)
    safety_question: Mapped[str | None] = mapped_column(String(16))
    safety_asked_at: Mapped[datetime | None]
    safety_messages: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(String(8), default="en")
    created_at: Mapped[datetime]
    last_visitor_at: Mapped[datetime] = mapped_column(index=True)


class Message(Base):
    """One bubble. `turn_of` is the visitor's message it answers; `answered_at` closes a visitor's turn.

    `author` is who wrote a message of staff, as the visitor reads it: first name and title at that time.
    """

    __tablename__ = "messages"
    __table_args__ = (
        one_of("role", Role),
        UniqueConstraint("conversation_id", "client_id"),
        Index("ix_messages_conversation", "conversation_id", "id"),
        {"sqlite_autoincrement": True},  # an id is never used again, not even after a purge
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    turn_of: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    client_id: Mapped[str | None] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str | None] = mapped_column(String(32))
    topic: Mapped[str | None] = mapped_column(String(64))
    author: Mapped[str | None] = mapped_column(String(170))
    text: Mapped[str]
    buttons: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    sources: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class Escalation(Base):
    """A call for people. At most one that is not closed per conversation; evidence holds rule ids and offsets.

    `owner_id` is who holds the chat. An acknowledgement counts for 30 minutes from `staff_active_at`, the last thing
    that staff did with it. `follow_up_at`: the visitor has gone, and nobody is paged before then. `message_id` and
    `evidence` say what it was opened for.
    """

    __tablename__ = "escalations"
    __table_args__ = (
        one_of("state", EscalationState),
        Index(
            "ix_escalations_one_open",
            "conversation_id",
            unique=True,
            sqlite_where=text("state != 'closed'"),
            postgresql_where=text("state != 'closed'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"))
    source: Mapped[str] = mapped_column(String(16))
    risk: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(16))
    about: Mapped[str | None] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    phone: Mapped[str | None] = mapped_column(Encrypted)
    state: Mapped[str] = mapped_column(String(16), default=EscalationState.open)
    opened_at: Mapped[datetime]
    raised_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    owner_id: Mapped[str | None] = mapped_column(ForeignKey(Staff.id))
    acknowledged_by: Mapped[str | None] = mapped_column(String(32))
    acknowledged_at: Mapped[datetime | None]
    staff_active_at: Mapped[datetime | None]
    follow_up_at: Mapped[datetime | None]
    close_reason: Mapped[str | None] = mapped_column(String(32))


class Alert(Base):
    """One reason to call staff, marked delivered only after a channel took it, repeated until `stopped_at`.

    `cause` says why it was opened; the attempts are rows of their own. One that was stopped before anything went out
    is `failed`.
    """

    __tablename__ = "alerts"
    __table_args__ = (one_of("state", AlertState), Index("ix_alerts_due", "state", "next_attempt_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    escalation_id: Mapped[str] = mapped_column(ForeignKey("escalations.id", ondelete="CASCADE"), index=True)
    severity: Mapped[str] = mapped_column(String(16))
    cause: Mapped[str] = mapped_column(String(16), default="opened")
    state: Mapped[str] = mapped_column(String(16), default=AlertState.pending)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(64))


class Appointment(Base):
    """A call with an APRN: `confirmed` with a slot, or `requested` with a window and an owner until one has taken it.

    `sequence` grows with each change (it is the calendar file's); `message_id` is the visitor's message that made or
    changed it last, by which `web` finds what a turn did whose reply was lost. `provider` is a provider's id.
    """

    __tablename__ = "appointments"
    __table_args__ = (
        one_of("state", AppointmentState),
        one_of("visitor_is", VisitorIs),
        one_of("about", About),
        one_of("outcome", Outcome),
        CheckConstraint("window_starts_at < window_ends_at", name="window_in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"), index=True)
    message_id: Mapped[int | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(16), default=AppointmentState.requested)
    provider: Mapped[str | None] = mapped_column(String(64))
    owner: Mapped[str | None] = mapped_column(String(64))
    first_name: Mapped[str] = mapped_column(Encrypted)
    last_name: Mapped[str | None] = mapped_column(Encrypted)
    phone: Mapped[str] = mapped_column(Encrypted)
    email: Mapped[str | None] = mapped_column(Encrypted)
    visitor_is: Mapped[str] = mapped_column(String(16), default=VisitorIs.adult)
    about: Mapped[str] = mapped_column(String(24), default=About.other)
    may_leave_voicemail: Mapped[bool] = mapped_column(default=False)
    window_starts_at: Mapped[datetime]
    window_ends_at: Mapped[datetime]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    requested_at: Mapped[datetime]
    due_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    sequence: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None] = mapped_column(String(16))
    consented_at: Mapped[datetime]
    consent_wording: Mapped[str] = mapped_column(String(64))

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}" if self.last_name else self.first_name
