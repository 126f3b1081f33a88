"""What a turn did to a call, for a visitor whose reply to it was lost."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.booking.questions import outcome
from clinic.chat.reply import Reply
from clinic.models import Appointment
from clinic.settings import ClinicInfo


def with_outcome(
    session: Session, *, message_id: int, replies: Sequence[Reply], clinic: ClinicInfo, url: str
) -> Sequence[Reply]:
    """The replies; where this message booked, moved or cancelled a call and none of them says so, what became of it.

    Call it in the transaction that closes the turn, with the message's row locked: a booking that comes later is
    refused (clinic/booking/book.py), so a visitor is never told that something failed which is stored.
    """
    done = session.scalar(select(Appointment).where(Appointment.message_id == message_id).limit(1))
    if done is None or any(done.reference in reply.text for reply in replies):
        return replies
    return [outcome(done, clinic=clinic, url=url)]
