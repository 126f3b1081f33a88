"""What is true in the end, from the database and from what the visitors' pages were shown."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from benchmarks.machines.visitors import Conversation, Visitors
from clinic.db import Database
from clinic.models import Alert, Appointment, Escalation, Message, Role

SHOWN = 8  # examples of what went wrong


@dataclass
class Verdict:
    """Everything but the counts is empty where all is well; each entry says what, and in which conversation."""

    messages: int = 0
    conversations: int = 0
    crises: int = 0
    spooled: int = 0
    booked: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    not_shown: list[str] = field(default_factory=list)
    without_resources: list[str] = field(default_factory=list)
    escalations_wrong: list[str] = field(default_factory=list)
    not_alerted: list[str] = field(default_factory=list)
    bookings_wrong: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        named = vars(self).items()
        return [f"{name}: {one}" for name, found in named if isinstance(found, list) for one in found[:SHOWN]]


def judge(database: Database, visitors: Visitors) -> Verdict:
    verdict = Verdict(messages=len(visitors.sent), conversations=len(visitors.conversations))
    for conversation in visitors.conversations:
        with database.reading() as session:
            rows = session.scalars(
                select(Message).where(Message.conversation_id == conversation.id).order_by(Message.id)
            ).all()
            escalations = session.scalars(select(Escalation).where(Escalation.conversation_id == conversation.id)).all()
            alerted = session.scalars(
                select(Alert.id)
                .join(Escalation, Escalation.id == Alert.escalation_id)
                .where(Escalation.conversation_id == conversation.id, Alert.delivered_at.is_not(None))
            ).all()
            booked = session.scalars(
                select(Appointment.reference).where(Appointment.conversation_id == conversation.id)
            ).all()
        _messages(verdict, conversation, rows)
        _pages(verdict, conversation, rows)
        _crisis(verdict, conversation, escalations, alerted)
        _bookings(verdict, conversation, booked)
    return verdict


def _messages(verdict: Verdict, conversation: Conversation, rows: Sequence[Message]) -> None:
    """Each message that was sent stands there once, in the order it was sent, with the replies the visitor got."""
    stored = [row for row in rows if row.role == Role.visitor]
    for client_id, times in Counter(row.client_id for row in stored).items():
        if times > 1:
            verdict.doubled.append(f"{conversation.id} {client_id} {times} times")
    wanted = [one.client_id for one in conversation.sent if one.answered_at]
    if missing := set(wanted) - {row.client_id for row in stored}:
        verdict.lost.append(f"{conversation.id} {missing}")
    late = {one.client_id for one in conversation.sent if one.is_spooled}
    verdict.spooled += len(late)
    stored = [row for row in stored if row.client_id not in late]
    if [row.client_id for row in stored if row.client_id in wanted] != [one for one in wanted if one not in late]:
        verdict.out_of_order.append(conversation.id)
    verdict.lost.extend(
        f"{one.conversation} {one.client_id} was never taken" for one in conversation.sent if not one.answered_at
    )
    for row, after in zip(stored, [*stored[1:], None], strict=True):
        replies = [other for other in rows if other.turn_of == row.id]
        shown = next((one.replies for one in conversation.sent if one.client_id == row.client_id), [])
        if not replies:
            verdict.lost.append(f"{conversation.id} no reply to {row.client_id}")
        if len({reply.text for reply in replies}) < len(replies):
            verdict.doubled.append(f"{conversation.id} replies to {row.client_id}")
        if [reply["id"] for reply in shown] != [other.id for other in replies]:
            verdict.doubled.append(f"{conversation.id} other replies stored than shown for {row.client_id}")
        if any(reply.id < row.id or (after and reply.id > after.id) for reply in replies):
            verdict.out_of_order.append(f"{conversation.id} replies to {row.client_id}")


def _pages(verdict: Verdict, conversation: Conversation, rows: Sequence[Message]) -> None:
    """The page was shown every message up to its last one, once and in order."""
    if conversation.seen != sorted(set(conversation.seen)):
        verdict.out_of_order.append(f"{conversation.id} on the page")
    last = max((reply["id"] or 0 for one in conversation.sent for reply in one.replies), default=0)
    if missing := {row.id for row in rows if row.id <= last} - set(conversation.seen):
        verdict.not_shown.append(f"{conversation.id} {len(missing)} messages")


def _crisis(
    verdict: Verdict, conversation: Conversation, escalations: Sequence[Escalation], alerted: Sequence[int]
) -> None:
    crises = [one for one in conversation.sent if one.is_crisis and one.answered_at]
    verdict.crises += len(crises)
    verdict.without_resources.extend(conversation.id for one in crises if not one.has_resources)
    if len(escalations) != (1 if crises else 0):
        verdict.escalations_wrong.append(f"{conversation.id} has {len(escalations)}")
    if crises and not alerted:
        verdict.not_alerted.append(conversation.id)


def _bookings(verdict: Verdict, conversation: Conversation, booked: Sequence[str]) -> None:
    """At most one call, and what the visitor was told of is stored."""
    verdict.booked += len(booked)
    told = " ".join(reply["text"] for one in conversation.sent for reply in one.replies)
    if len(booked) > 1:
        verdict.bookings_wrong.append(f"{conversation.id} has {len(booked)}")
    elif booked and booked[0] not in told:
        verdict.bookings_wrong.append(f"{conversation.id} was not told of {booked[0]}")
