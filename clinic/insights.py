"""What visitors asked and got no answer to, read from the messages: counts, and the gaps for clinic.gaps to group.

Crisis-flagged conversations and booking turns are never read into a group; docs/insights.md has the rules.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, case, func, select
from sqlalchemy.orm import Session

from clinic.gaps import EXAMPLES_FROM, Gap, Group, group
from clinic.masking import Vocabulary, mask
from clinic.models import Conversation, Message, Role

BATCH = 500  # conversations; SQLite takes this many parameters, and their messages fit into memory easily
NONE_OF_THESE, WROTE_ON, LEFT = "none_of_these", "wrote_on", "left"
GAPS = frozenset({"clarified", "fell_back"})
ANSWERED = frozenset({"answer", "boundary", "smalltalk"})


@dataclass
class Counts:
    """Turns of a day or of all. `other`: handed to people, failed, not answered yet.

    Of the clarified ones the visitor then tapped a topic (`resolved`) or "none of these".
    """

    turns: int = 0
    answered: int = 0
    clarified: int = 0
    fell_back: int = 0
    other: int = 0
    resolved: int = 0
    none_of_these: int = 0

    def add(self, outcome: str, then: str | None) -> None:
        self.turns += 1
        self.answered += outcome == "answered"
        self.clarified += outcome == "clarified"
        self.fell_back += outcome == "fell_back"
        self.other += outcome == "other"
        self.none_of_these += then == NONE_OF_THESE
        self.resolved += then not in (None, NONE_OF_THESE, WROTE_ON, LEFT)

    def share(self, outcome: str) -> float | None:
        """Of all turns, 0 to 1."""
        return round(getattr(self, outcome) / self.turns, 4) if self.turns else None


@dataclass
class Report:
    since: date
    until: date
    total: Counts = field(default_factory=Counts)
    days: dict[date, Counts] = field(default_factory=dict)
    flagged_conversations: int = 0
    booking_turns: int = 0
    groups: list[Group] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """A visitor's message with the replies to it."""

    message: Row[*tuple[Any, ...]]
    replies: Sequence[Row[*tuple[Any, ...]]]

    @property
    def outcome(self) -> str:
        """A turn with several replies is what is worst in it."""
        kinds = {reply.kind for reply in self.replies}
        if "booking" in kinds:
            return "booking"
        if "clarify" in kinds:
            return "clarified"
        if "fallback" in kinds:
            return "fell_back"
        return "answered" if kinds and kinds <= ANSWERED else "other"


def report(
    session: Session,
    *,
    days: int,
    zone: ZoneInfo,
    known: Vocabulary,
    now: datetime,
    examples_from: int = EXAMPLES_FROM,
) -> Report:
    """The last `days` days in `zone`, today included."""
    until = now.astimezone(zone).date()
    since = until - timedelta(days=days - 1)
    made = Report(since, until)
    start = datetime.combine(since, time(), zone)
    made.flagged_conversations = _flagged(session, start)
    days_seen: dict[date, Counts] = defaultdict(Counts)
    gaps: list[Gap] = []
    for conversation in _conversations(session, start, now):
        is_repeat = False
        for asked, following in zip(conversation, [*conversation[1:], None], strict=True):
            outcome = asked.outcome
            if outcome == "booking":
                made.booking_turns += 1
                continue
            day = asked.message.created_at.astimezone(zone).date()
            offered = _offered(asked) if outcome == "clarified" else {}
            then = _then(offered, following) if offered else None
            made.total.add(outcome, then)
            days_seen[day].add(outcome, then)
            if outcome in GAPS and not is_repeat:
                gaps.append(_gap(asked, day, offered, then, known))
            # The fallback that answers a tap on "None of these" is counted; as a message it says nothing new.
            is_repeat = then == NONE_OF_THESE
    made.days = dict(sorted(days_seen.items()))
    made.groups = group(gaps, known, examples_from=examples_from)
    return made


def _flagged(session: Session, start: datetime) -> int:
    query = select(func.count()).where(Conversation.last_visitor_at >= start, Conversation.flagged)
    return session.scalar(query) or 0


def _conversations(session: Session, start: datetime, now: datetime) -> Iterator[list[Asked]]:
    """Each unflagged conversation's turns since `start`, in order.

    It goes from the index on last_visitor_at to that on (conversation_id, id), so no index on the messages' time is
    needed, and it reads no text but visitors'.
    """
    recent = select(Conversation.id).where(Conversation.last_visitor_at >= start, ~Conversation.flagged)
    ids = session.scalars(recent).all()
    columns = (
        Message.id,
        Message.conversation_id,
        Message.turn_of,
        Message.role,
        Message.kind,
        Message.topic,
        Message.created_at,
        case((Message.role == Role.visitor, Message.text)).label("text"),
        case((Message.kind == "clarify", Message.buttons)).label("buttons"),
    )
    for at in range(0, len(ids), BATCH):
        rows = session.execute(
            select(*columns)
            .join(Conversation)  # asked again: a crisis may have begun since
            .where(
                Message.conversation_id.in_(ids[at : at + BATCH]),
                Message.role.in_((Role.visitor, Role.assistant)),
                Message.created_at >= start,
                Message.created_at <= now,
                ~Conversation.flagged,
            )
            .order_by(Message.conversation_id, Message.id)
        )
        for _, messages in groupby(rows, key=lambda row: row.conversation_id):
            yield _turns(messages)


def _turns(messages: Iterable[Row[*tuple[Any, ...]]]) -> list[Asked]:
    visitors, replies = [], defaultdict[int, list[Row[*tuple[Any, ...]]]](list)
    for row in messages:
        if row.role == Role.visitor:
            visitors.append(row)
        elif row.turn_of is not None:
            replies[row.turn_of].append(row)
    return [Asked(row, replies[row.id]) for row in visitors]


def _offered(asked: Asked) -> dict[str, str]:
    """The topic behind the words of each button of a clarification."""
    buttons = [button for reply in asked.replies if reply.kind == "clarify" for button in reply.buttons]
    return {
        button["title"]: NONE_OF_THESE if button["payload"] == "/out_of_scope" else button["payload"].removeprefix("/")
        for button in buttons
    }


def _then(offered: dict[str, str], following: Asked | None) -> str:
    """A tapped button is stored as a message with the button's words."""
    if following is None:
        return LEFT
    return offered.get(following.message.text.strip(), WROTE_ON)


def _gap(asked: Asked, day: date, offered: dict[str, str], then: str | None, known: Vocabulary) -> Gap:
    outcome, topics = asked.outcome, set(offered.values()) - {NONE_OF_THESE}
    if outcome == "fell_back":
        topics = {reply.topic for reply in asked.replies if reply.kind == "fallback" and reply.topic}
        outcome = "missing" if topics else outcome
    words = mask(asked.message.text, known)
    return Gap(asked.message.conversation_id, day, outcome, tuple(sorted(topics)), words, then)
