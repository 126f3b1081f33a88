"""Which reply belongs to what was understood. Wording comes from data/, numbers have their reason beside them."""

from dataclasses import dataclass

from clinic.chat.reply import Button, Reply
from clinic.content import wording
from clinic.handoff.protocol import text, withheld_reply, withheld_topics
from clinic.library import Library, library
from clinic.settings import ClinicInfo

# Below the first the best guess is one of up to three choices, below the second it is not worth a choice.
# On 5-fold predictions of data/nlu (scripts/thresholds.py): at 0.40 and above 87 % of the guesses are right.
ANSWER_FROM = 0.40
CLARIFY_FROM = 0.12
CHOICES = 3
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
    understood: Understood, *, clinic: ClinicInfo, last_topic: str | None = None, after_crisis: bool = False
) -> Reply:
    """The reply to a question, a boundary, small talk, or what was not understood.

    After a crisis flag every reply carries the resources and nothing of ours is offered; the topics that
    data/protocol.yml names are left to people.
    """
    book = library()
    topic = understood.intent
    if topic == "follow_up" and last_topic in book.answers:
        return _more(book, last_topic, clinic, after_crisis)
    kind = book.topics[topic].kind if topic in book.topics else "fallback"
    if kind in ASKABLE | {"smalltalk"} and understood.confidence >= ANSWER_FROM:
        return _topic(book, topic, kind, clinic, after_crisis)
    if topic in ("affirm", "deny", "stop"):
        return _plain("fallback", wording()["answers"]["stray"], clinic, after_crisis)
    return _unsure(book, understood, clinic, after_crisis)


def _topic(book: Library, topic: str, kind: str, clinic: ClinicInfo, after_crisis: bool) -> Reply:
    if after_crisis and topic in withheld_topics():
        return withheld_reply()
    if after_crisis and kind == "smalltalk" and topic != "are_you_a_bot":
        return Reply("handoff", text("after_crisis_line"))
    found = book.answers.get(topic)
    if found is None:
        return _plain("fallback", wording()["answers"]["missing"], clinic, after_crisis, topic, offer_call=True)
    buttons = [Button(title=book.title(one), payload=f"/{one}") for one in found.related]
    if found.more:
        buttons.insert(0, Button(title=wording()["answers"]["tell_more"], payload="/follow_up"))
    if kind == "boundary" and not after_crisis:
        buttons.append(_call_button())
    said = _fill(found.short, clinic)
    return Reply(kind, _with_line(said, after_crisis), topic, buttons, book.cited(found))


def _more(book: Library, topic: str, clinic: ClinicInfo, after_crisis: bool) -> Reply:
    found = book.answers[topic]
    if after_crisis and topic in withheld_topics():
        return withheld_reply()
    parts = [_fill(found.more or found.short, clinic)]
    if found.not_known:
        parts.append(wording()["answers"]["not_known"].format(text=found.not_known.strip()))
    buttons = [Button(title=book.title(one), payload=f"/{one}") for one in found.related]
    kind = book.topics[topic].kind
    return Reply(kind, _with_line("\n\n".join(parts), after_crisis), topic, buttons, book.cited(found))


def _unsure(book: Library, understood: Understood, clinic: ClinicInfo, after_crisis: bool) -> Reply:
    likely = [
        topic
        for topic, chance in understood.ranking
        if chance >= CLARIFY_FROM and topic in book.topics and book.topics[topic].kind in ASKABLE
    ][:CHOICES]
    if after_crisis or not likely or (understood.intent == "out_of_scope" and understood.confidence >= ANSWER_FROM):
        return _plain("fallback", wording()["answers"]["fallback"], clinic, after_crisis, offer_call=True)
    buttons = [Button(title=book.title(topic), payload=f"/{topic}") for topic in likely]
    buttons.append(Button(title=wording()["answers"]["none_of_these"], payload="/talk_to_human"))
    return Reply("clarify", wording()["answers"]["clarify"], buttons=buttons)


def _plain(
    kind: str,
    said: str,
    clinic: ClinicInfo,
    after_crisis: bool,
    topic: str | None = None,
    *,
    offer_call: bool = False,
) -> Reply:
    if after_crisis:
        return Reply("handoff", text("after_crisis_line"), topic)
    return Reply(kind, _fill(said, clinic), topic, [_call_button(), _person_button()] if offer_call else [])


def _call_button() -> Button:
    return Button(title=wording()["answers"]["book_a_call"], payload="/book_call")


def _person_button() -> Button:
    return Button(title=wording()["answers"]["talk_to_human"], payload="/talk_to_human")


def _with_line(said: str, after_crisis: bool) -> str:
    return f"{said}\n\n{text('after_crisis_line')}" if after_crisis else said


def _fill(said: str, clinic: ClinicInfo) -> str:
    for name, value in {"phone": clinic.phone, "retention_days": str(clinic.retention_days)}.items():
        said = said.replace(f"{{{name}}}", value)
    return said.strip()
