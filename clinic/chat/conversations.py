"""Conversations and messages: start, open with a token, store, read. Each function works in the caller's session."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic.chat.order import lock_conversation
from clinic.chat.reply import Reply
from clinic.clock import iso
from clinic.content import wording
from clinic.errors import NotAllowed, NotFound
from clinic.library import library
from clinic.minors import says_minor
from clinic.models import Conversation, ConversationState, Message, Role
from clinic.settings import ClinicInfo

# Utah Code 13-72a-203: say "AI, not human" again after this long away.
DISCLOSE_AGAIN_AFTER = timedelta(days=7)
WORDS_OF_A_LANGUAGE = 4  # "ok thanks" and "no" are read as English whoever writes them


@dataclass(frozen=True)
class Turn:
    """A visitor's message and what was answered; `is_new` is false where this client_id was here before."""

    visitor: Message
    replies: Sequence[Message]
    is_new: bool

    @property
    def messages(self) -> list[Message]:
        return [self.visitor, *self.replies]


def start_conversation(session: Session, *, clinic: ClinicInfo, now: datetime) -> tuple[Conversation, str]:
    """A new conversation with its disclosure, and the token that opens it (kept only as a hash)."""
    token = secrets.token_urlsafe(32)
    conversation = Conversation(
        id=secrets.token_urlsafe(12),
        token_hash=_hash(token),
        state=ConversationState.assistant,
        epoch=0,
        crisis_replies=0,
        flagged=False,
        withholds=False,
        language="en",
        created_at=now,
        last_visitor_at=now,
    )
    session.add(conversation)
    session.flush()
    add_message(session, conversation=conversation, reply=_disclosure("disclosure", clinic), now=now)
    return conversation, token


def open_conversation(session: Session, *, conversation_id: str, token: str) -> Conversation:
    """The conversation that this token opens. Raises NotFound or NotAllowed."""
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise NotFound("conversation")
    if not hmac.compare_digest(conversation.token_hash, _hash(token)):
        raise NotAllowed("token")
    return conversation


def disclose_again(session: Session, *, conversation: Conversation, clinic: ClinicInfo, now: datetime) -> bool:
    """Add the disclosure once more where the visitor was away for 7 days."""
    if now - conversation.last_visitor_at < DISCLOSE_AGAIN_AFTER:
        return False
    conversation.last_visitor_at = now
    add_message(session, conversation=conversation, reply=_disclosure("disclosure_again", clinic), now=now)
    return True


def find_turn(session: Session, *, conversation_id: str, client_id: str) -> Turn | None:
    """The turn of this client_id, if its message is stored."""
    query = select(Message).where(Message.conversation_id == conversation_id, Message.client_id == client_id)
    visitor = session.scalar(query)
    if visitor is None:
        return None
    replies = session.scalars(select(Message).where(Message.turn_of == visitor.id).order_by(Message.id)).all()
    return Turn(visitor, replies, is_new=False)


def add_visitor_message(
    session: Session, *, conversation: Conversation, client_id: str, text: str, now: datetime
) -> Message:
    conversation.last_visitor_at = now
    conversation.says_minor = conversation.says_minor or says_minor(text)
    message = Message(
        conversation_id=conversation.id,
        client_id=client_id,
        role=Role.visitor,
        text=text,
        buttons=[],
        sources=[],
        created_at=now,
    )
    session.add(message)
    session.flush()
    return message


def note_language(conversation: Conversation, *, heard: str, words: str) -> None:
    """After a typed message; what was heard in a crisis stays."""
    if not conversation.flagged:
        conversation.language = language_after(conversation.language, heard=heard, words=words)


def language_after(before: str, *, heard: str, words: str) -> str:
    """What the page and the safety lines of later messages are written in. Few English words may be of any language."""
    if heard == "es":
        return "es"
    return "en" if len(words.split()) >= WORDS_OF_A_LANGUAGE else before


def add_message(
    session: Session,
    *,
    conversation: Conversation,
    reply: Reply,
    now: datetime,
    turn_of: Message | None = None,
    role: Role = Role.assistant,
) -> Message:
    lock_conversation(session, conversation.id)
    message = Message(
        conversation_id=conversation.id,
        turn_of=turn_of and turn_of.id,
        role=role,
        kind=reply.kind,
        topic=reply.topic,
        text=reply.text,
        buttons=list(reply.buttons),
        sources=list(reply.sources),
        created_at=now,
    )
    session.add(message)
    session.flush()
    return message


def messages_after(session: Session, *, conversation_id: str, after: int = 0, limit: int = 500) -> Sequence[Message]:
    """Messages with a larger id, in order."""
    return session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation_id, Message.id > after)
        .order_by(Message.id)
        .limit(limit)
    ).all()


def recent_visitor_texts(session: Session, *, conversation_id: str, count: int = 3) -> list[str]:
    """The last few things the visitor wrote, oldest first; the screen reads them as context."""
    texts = session.scalars(
        select(Message.text)
        .where(Message.conversation_id == conversation_id, Message.role == Role.visitor)
        .order_by(Message.id.desc())
        .limit(count)
    ).all()
    return list(reversed(texts))


def offered_title(session: Session, *, conversation_id: str, payload: str) -> str | None:
    """The title of a button of this conversation that carries the payload, newest first; None if there is none."""
    offered = session.scalars(
        select(Message.buttons)
        .where(Message.conversation_id == conversation_id, Message.role != Role.visitor)
        .order_by(Message.id.desc())
        .limit(50)
    )
    return next((b["title"] for row in offered for b in row if b["payload"] == payload), None)


def as_json(message: Message) -> dict[str, Any]:
    """The HTTP contract's message; `client_id` only on the visitor's own, `author` only on those of staff."""
    shown: dict[str, Any] = {
        "id": message.id,
        "role": message.role,
        "kind": message.kind,
        "topic": message.topic,
        "text": message.text,
        "buttons": message.buttons,
        "sources": message.sources,
        "created_at": iso(message.created_at),
    }
    if message.client_id:
        shown["client_id"] = message.client_id
    if message.author:
        shown["author"] = message.author
    return shown


def _disclosure(key: str, clinic: ClinicInfo) -> Reply:
    words = wording()
    text = words[key].format(clinic=clinic.name, retention_days=clinic.retention_days)
    book = library()
    starters = [{"title": book.title(topic), "payload": f"/{topic}"} for topic in words["starters"]]
    return Reply("disclosure", text, buttons=starters)  # type: ignore[arg-type]


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
