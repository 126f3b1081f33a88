"""The one safety question of a crisis reply: which is open in a conversation, and what its answer means to staff."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from clinic.chat.reply import Reply
from clinic.handoff.finding import SEVERITIES, Finding
from clinic.handoff.protocol import LANGUAGES, answer_button
from clinic.handoff.safety_answer import Answer, Question, Reading, read_answer
from clinic.models import Conversation, ConversationState

# A bare "yes" half an hour later answers whatever was said last; an acknowledgement by staff lapses as long after.
OPEN_FOR = timedelta(minutes=30)
# Who is in distress often writes a line or two first. A fourth message is not read: by then the question has left a
# phone's screen, and the "yes" that agrees to be called is at the earliest the fourth message of a booking.
OPEN_MESSAGES = 3


@dataclass(frozen=True)
class Heard:
    """An answer and the question it belongs to. `language` is the tapped button's; None where it was typed."""

    question: Question
    reading: Reading
    title: str | None = None
    language: str | None = None

    @property
    def answer(self) -> Answer:
        return self.reading.answer

    @property
    def is_plain_no(self) -> bool:
        return self.reading == Reading(Answer.no, bare=True)


def note_question(conversation: Conversation, reply: Reply, *, now: datetime) -> None:
    """The question that this crisis reply asks is open from now on. One of before is closed, even if none is asked."""
    payloads = {button["payload"] for button in reply.buttons}
    asked = (heard.question for payload in payloads if (heard := hear_tap(payload)))
    close_question(conversation)
    conversation.safety_question = next(asked, None)
    conversation.safety_asked_at = now if conversation.safety_question else None


def close_question(conversation: Conversation) -> None:
    conversation.safety_question, conversation.safety_asked_at, conversation.safety_messages = None, None, 0


def open_question(conversation: Conversation, *, now: datetime) -> Question | None:
    """The question that the visitor's next words may answer. While staff hold the chat, words answer them."""
    if conversation.safety_question is None or conversation.safety_asked_at is None:
        return None
    if conversation.state == ConversationState.staff or conversation.safety_messages >= OPEN_MESSAGES:
        return None
    return Question(conversation.safety_question) if now - conversation.safety_asked_at <= OPEN_FOR else None


def count_message(conversation: Conversation, heard: Heard | None) -> None:
    """One more message without risk: an answer closes its question, so do staff; anything else counts against it."""
    if conversation.state == ConversationState.staff or (heard and heard.question == conversation.safety_question):
        close_question(conversation)
    elif conversation.safety_question:
        conversation.safety_messages += 1


def hear_typed(text: str, question: Question | None) -> Heard | None:
    reading = read_answer(text, question) if question else None
    return Heard(question, reading) if question and reading else None


def hear_tap(payload: str | None) -> Heard | None:
    """A tapped Yes or No. Its payload names the question, so that it is understood however late it comes."""
    for language in LANGUAGES:
        for question in Question:
            for answer in (Answer.yes, Answer.no):
                button = answer_button(question, answer, language)
                if button["payload"] == payload:
                    return Heard(question, Reading(answer, bare=True), button["title"], language)
    return None


def with_answer(found: Finding | None, heard: Heard | None, *, language: str, is_open: bool) -> Finding | None:
    """What staff have to know, from what the screen `found` in the words and from the answer that was `heard`.

    A no leaves the screen's finding as it is. Otherwise the more severe of the two counts, the screen's where they are
    even. An answer to the question that is still open (`is_open`) alerts again even at the severity known before.
    """
    if heard is None or heard.answer is Answer.no:
        return found
    evidence = {"rule": f"answer.{heard.question.name}.{heard.answer}", "start": 0, "end": 0}
    risk, severity = _meaning(heard)
    known = found.evidence if found else []
    if found and SEVERITIES.index(found.severity) >= SEVERITIES.index(severity):
        return replace(found, evidence=[*known, evidence], answers=heard.question, is_news=is_open)
    if found and found.risk in ("suicide", "self_harm"):
        risk = "suicide"  # "yes, i cut myself": nothing was taken, so 911 and no word about poison
    return Finding(risk, severity, "answer", "self", language, [*known, evidence], heard.question, is_open)


def _meaning(heard: Heard) -> tuple[str, str]:
    """Risk and severity. Something taken, or unsure: 911 first, and what to do until then (docs/crisis-protocol.md)."""
    if heard.question is Question.directly:
        return "suicide", "acute"
    return ("suicide" if heard.answer is Answer.not_yet else "overdose"), "imminent"
