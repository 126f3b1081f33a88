"""Which reply belongs to what was understood. Wording comes from data/, numbers have their reason beside them."""

from dataclasses import dataclass

from clinic.chat.reply import Button, Reply
from clinic.content import wording
from clinic.handoff.aftermath import Aftermath
from clinic.handoff.protocol import text, withheld_reply, withheld_topics
from clinic.library import Answer, Library, library
from clinic.settings import ClinicInfo

# Below the first the best guess becomes one of up to three choices; a guess below the second is not offered.
# On 5-fold predictions of data/nlu (scripts/calibrate_topics.py) this asks back on 11 of 100 messages and
# leaves 2 of 1,000 to the fallback; 0.50 and 0.12 would do as well on the first count, with 18 of 1,000 left.
ANSWER_FROM = 0.45
CLARIFY_FROM = 0.06
CHOICES = 3
CALM = Aftermath()
ASKABLE = frozenset({"answer", "boundary"})


@dataclass(frozen=True)
class Understood:
    """Rasa's reading of a message: intents with their probabilities, best first."""

    ranking: list[tuple[str, float]]

    @property
    def intent(self) -> str:
        return self.ranking[0][0] if self.ranking else "out_of_scope"

    @property
    def confidence(self) -> float:
        return self.ranking[0][1] if self.ranking else 0.0


def answer(
    understood: Understood, *, clinic: ClinicInfo, last_topic: str | None = None, aftermath: Aftermath = CALM
) -> Reply:
    """The reply to a question, a boundary, small talk, or what was not understood.

    After a crisis flag every reply carries the resources and nothing of ours is offered; the topics that
    data/protocol.yml names are left to people.
    """
    book = library()
    topic = understood.intent
    if topic == "follow_up" and last_topic in book.answers:
        return _more(book, last_topic, clinic, aftermath)
    kind = book.topics[topic].kind if topic in book.topics else "fallback"
    if kind in ASKABLE | {"smalltalk"} and understood.confidence >= ANSWER_FROM:
        return _topic(book, topic, kind, clinic, aftermath)
    if topic in ("affirm", "deny", "stop"):
        return _plain("fallback", wording()["answers"]["stray"], clinic, aftermath)
    return _unsure(book, understood, clinic, aftermath)


def _topic(book: Library, topic: str, kind: str, clinic: ClinicInfo, aftermath: Aftermath) -> Reply:
    if aftermath.withhold and topic in withheld_topics():
        return withheld_reply(aftermath.language)
    if aftermath.flagged and kind == "smalltalk" and topic != "are_you_a_bot":
        return Reply("handoff", text("after_crisis_line", aftermath.language))
    found = book.answers.get(topic)
    if found is None:
        return _plain("fallback", wording()["answers"]["missing"], clinic, aftermath, topic, offer_call=True)
    buttons = _related(book, found, aftermath)
    if found.more:
        buttons.insert(0, Button(title=wording()["answers"]["tell_more"], payload="/follow_up"))
    if kind == "boundary" and not aftermath.flagged:
        buttons.append(_call_button())
    said = _fill(found.short, clinic)
    return Reply(kind, _with_line(said, aftermath), topic, buttons, book.cited(found))


def _more(book: Library, topic: str, clinic: ClinicInfo, aftermath: Aftermath) -> Reply:
    found = book.answers[topic]
    if aftermath.withhold and topic in withheld_topics():
        return withheld_reply(aftermath.language)
    parts = [_fill(found.more or found.short, clinic)]
    if found.not_known:
        parts.append(wording()["answers"]["not_known"].format(text=found.not_known.strip()))
    buttons = _related(book, found, aftermath)
    kind = book.topics[topic].kind
    return Reply(kind, _with_line("\n\n".join(parts), aftermath), topic, buttons, book.cited(found))


def _related(book: Library, found: Answer, aftermath: Aftermath) -> list[Button]:
    """What leads on; never to an answer that is not there or would be withheld."""
    left_out = withheld_topics() if aftermath.withhold else frozenset()
    return [
        Button(title=book.title(one), payload=f"/{one}")
        for one in found.related
        if one in book.answers and one not in left_out
    ]


def _unsure(book: Library, understood: Understood, clinic: ClinicInfo, aftermath: Aftermath) -> Reply:
    likely = [
        topic
        for topic, chance in understood.ranking
        if chance >= CLARIFY_FROM and topic in book.topics and book.topics[topic].kind in ASKABLE
    ][:CHOICES]
    if (
        aftermath.flagged
        or not likely
        or (understood.intent == "out_of_scope" and understood.confidence >= ANSWER_FROM)
    ):
        return _plain("fallback", wording()["answers"]["fallback"], clinic, aftermath, offer_call=True)
    buttons = [Button(title=book.title(topic), payload=f"/{topic}") for topic in likely]
    buttons.append(Button(title=wording()["answers"]["none_of_these"], payload="/out_of_scope"))
    return Reply("clarify", wording()["answers"]["clarify"], buttons=buttons)


def _plain(
    kind: str,
    said: str,
    clinic: ClinicInfo,
    aftermath: Aftermath,
    topic: str | None = None,
    *,
    offer_call: bool = False,
) -> Reply:
    if aftermath.flagged:
        return Reply("handoff", text("after_crisis_line", aftermath.language), topic)
    return Reply(kind, _fill(said, clinic), topic, [_call_button(), _person_button()] if offer_call else [])


def _call_button() -> Button:
    return Button(title=wording()["answers"]["book_a_call"], payload="/book_call")


def _person_button() -> Button:
    return Button(title=wording()["answers"]["talk_to_human"], payload="/talk_to_human")


def _with_line(said: str, aftermath: Aftermath) -> str:
    return f"{said}\n\n{text('after_crisis_line', aftermath.language)}" if aftermath.flagged else said


def _fill(said: str, clinic: ClinicInfo) -> str:
    for name, value in {"phone": clinic.phone, "retention_days": str(clinic.retention_days)}.items():
        said = said.replace(f"{{{name}}}", value)
    return said.strip()
