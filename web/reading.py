"""What a message says: the words, the screen's finding, and the answer to a safety question that was asked before."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import structlog
from sqlalchemy.orm import Session

import screen
from clinic.chat.conversations import offered_title, open_conversation, recent_visitor_texts
from clinic.clock import utc_now
from clinic.handoff.finding import Finding
from clinic.handoff.safety_answer import Question
from clinic.handoff.safety_question import Heard, hear_tap, hear_typed, open_question, with_answer
from clinic.library import library
from clinic.minors import says_minor
from web.incoming import Incoming
from web.metrics import SCREEN_FAILURES, SCREEN_SECONDS

log = structlog.get_logger(__name__)

LINKS = ("tel:", "sms:", "https:")  # buttons that the browser follows itself
MORE_PAYLOADS = frozenset({"/follow_up", "/affirm", "/deny", "/stop"})


@dataclass(frozen=True)
class Known:
    """What is known of a conversation before its message is read; these values where the database does not answer.

    `title`: the words of a tapped button (None: not one of ours); `question`: the safety question that is open.
    """

    title: str | None = None
    previous: Sequence[str] = ()
    question: Question | None = None
    language: str = "en"
    is_minor: bool = False
    flagged: bool = False


@dataclass(frozen=True)
class Read:
    """A message as it was understood without Rasa.

    `finding` is None where nobody has to be alerted; `is_known` is false for a payload that no button of ours has.
    """

    words: str
    finding: Finding | None
    language: str
    heard: Heard | None = None
    is_minor: bool = False
    is_known: bool = True


def what_is_known(session: Session, *, conversation_id: str, token: str, incoming: Incoming) -> Known:
    """Check the token, and read what the message may be an answer to."""
    conversation = open_conversation(session, conversation_id=conversation_id, token=token)
    title = None
    if incoming.payload is not None:
        title = offered_title(session, conversation_id=conversation_id, payload=incoming.payload)
        if title is None or incoming.payload.startswith(LINKS):
            title = _topic_title(incoming.payload)
    return Known(
        title,
        recent_visitor_texts(session, conversation_id=conversation_id),
        open_question(conversation, now=utc_now()),
        conversation.language,
        conversation.says_minor,
        conversation.flagged,
    )


def read_message(incoming: Incoming, known: Known) -> Read:
    """Reaches no network and no database. A screen that fails leaves the answer to a safety question standing."""
    tapped = hear_tap(incoming.payload)
    title = tapped.title if tapped else known.title
    is_link = incoming.payload is not None and incoming.payload.startswith(LINKS)
    words = title or ("" if is_link else incoming.text)
    heard = tapped or (hear_typed(words, known.question) if incoming.payload is None else None)
    # A plain no is a whole sentence: read behind the message before it, that one's risk would be found again.
    found, language = _assess(words, () if heard and heard.is_plain_no else known.previous)
    if heard:  # "no" and "ok" are of no language; the conversation's was heard in a whole sentence
        language = heard.language or ("es" if language == "es" else known.language)
    is_open = heard is not None and heard.question == known.question
    return Read(
        words,
        with_answer(found, heard, language=language, is_open=is_open),
        language,
        heard,
        known.is_minor or says_minor(words),
        incoming.payload is None or title is not None,
    )


def _assess(words: str, previous: Sequence[str]) -> tuple[Finding | None, str]:
    """What the screen found, and the language of the message."""
    with SCREEN_SECONDS.time():
        try:
            found = screen.assess(words, previous)
        except Exception as problem:
            SCREEN_FAILURES.inc()
            log.critical("screen.failed", error=type(problem).__name__)
            return None, "en"  # Rasa's express_crisis is the second net
    if not found.is_risk or found.severity is None:
        return None, found.language
    finding = Finding(
        risk=found.risk,
        severity=found.severity,
        source="screen",
        about=found.about,
        language=found.language,
        evidence=[asdict(item) for item in found.evidence],
    )
    return finding, found.language


def _topic_title(payload: str) -> str | None:
    """The words for a payload that any page may send: a topic's, or one of the few small answers."""
    topic = payload.removeprefix("/")
    if not payload.startswith("/"):
        return None
    if topic in library().topics:
        return library().title(topic)
    return topic.replace("_", " ").capitalize() if payload in MORE_PAYLOADS else None
