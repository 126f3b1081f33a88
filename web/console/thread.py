"""A chat as staff see it: messages with the words that the escalation rests on marked."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from clinic.chat.conversations import messages_after
from clinic.handoff.staff_side import Evidence, evidence_of
from clinic.models import Message


@dataclass(frozen=True)
class Shown:
    """`parts` are pieces of the text with whether they are marked; `rules` say why the message counts as evidence."""

    message: Message
    parts: Sequence[tuple[str, bool]]
    rules: Sequence[str] = field(default=())


def thread(session: Session, *, conversation_id: str, escalation_id: str, after: int = 0) -> list[Shown]:
    """All of the conversation after the message id, however long it is."""
    evidence: dict[int, list[Evidence]] = defaultdict(list)
    for item in evidence_of(session, escalation_id=escalation_id):
        evidence[item.message_id].append(item)
    shown: list[Shown] = []
    while batch := messages_after(session, conversation_id=conversation_id, after=after):
        for message in batch:
            found = evidence.get(message.id, [])
            rules = sorted({item.rule for item in found})
            shown.append(Shown(message, marked(message.text, ((item.start, item.end) for item in found)), rules))
        after = batch[-1].id
    return shown


def marked(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The text cut at the spans, overlapping ones joined. Spans outside of the text are left out."""
    parts: list[tuple[str, bool]] = []
    at = 0
    for start, end in sorted(spans):
        start, end = max(start, at), min(end, len(text))
        if start >= end:
            continue
        if start > at:
            parts.append((text[at:start], False))
        if parts and parts[-1][1] and start == at:
            parts[-1] = (parts[-1][0] + text[start:end], True)
        else:
            parts.append((text[start:end], True))
        at = end
    if at < len(text) or not parts:
        parts.append((text[at:], False))
    return parts
