"""Which reply belongs to what was understood. Wording comes from data/, numbers have their reason beside them."""

from dataclasses import dataclass, replace

from clinic.chat.reply import Button, Reply
from clinic.content import wording
from clinic.handoff.aftermath import Aftermath
from clinic.handoff.protocol import text, withheld_reply, withheld_topics
from clinic.library import Answer, Library, fill, library
from clinic.settings import ClinicInfo
from clinic.understanding import Understood, lean

# From these probabilities a reply is given; below, the best guesses become up to three choices, each from the last.
# docs/decisions/0011 has the table they were chosen from (scripts/calibrate_topics.py).
ANSWER_FROM = 0.5
BOUNDARY_FROM = 0.35  # a boundary that was not needed does less harm than one that is missing
CLARIFY_FROM = 0.06
OUT_OF_SCOPE_FROM = 0.35
DOUBTED_FROM = 0.2  # the chance of out_of_scope from which an answer is only offered
CHOICES = 3
# One question of several is answered beside another only where it is as good as certain.
SECOND_FROM = 0.6
CALM = Aftermath()
ASKABLE = frozenset({"answer", "boundary"})
# What a person under 18 hears about age first, whatever they asked about becoming a patient.
ABOUT_BECOMING_A_PATIENT = frozenset({"candidacy", "age_limits", "evaluation_process", "cost_insurance"})


@dataclass(frozen=True)
class Visit:
    """What is known around a message.

    `language` is the message's (en, es); `fallbacks` counts those in a row just before it; `is_minor`: the writer
    said so, now or earlier.
    """

    clinic: ClinicInfo
    last_topic: str | None = None
    aftermath: Aftermath = CALM
    language: str = "en"
    fallbacks: int = 0
    is_minor: bool = False

    def say(self, key: str) -> str:
        """Wording of data/wording.yml, filled in."""
        block = wording()["answers_es"] if self.language == "es" else wording()["answers"]
        return fill(block[key], self.clinic)


def replies(understood: Understood, visit: Visit) -> list[Reply]:
    """One reply, or two where two questions were asked and both are clear."""
    if not visit.aftermath.flagged and not visit.is_minor:
        both = _both(understood)
        if both:
            first, second = (answer(one, visit) for one in both)
            # "Tell me more" goes on with what was said last.
            return [replace(first, buttons=[b for b in first.buttons if b["payload"] != "/follow_up"]), second]
    return [answer(understood, visit)]


def answer(understood: Understood, visit: Visit) -> Reply:
    """The reply to a question, a boundary, small talk, or what was not understood.

    After a crisis flag every reply carries the resources and nothing of ours is offered; the topics that
    data/protocol.yml names are left to people.
    """
    book = library()
    topic = understood.intent
    if visit.is_minor and topic in ABOUT_BECOMING_A_PATIENT:
        return _to_a_minor(book, visit)
    if topic == "follow_up" and visit.last_topic in book.answers:
        turned_to = lean(understood, visit.last_topic, book)
        return _topic(book, turned_to, visit) if turned_to else _more(book, visit.last_topic, visit)
    kind = book.topics[topic].kind if topic in book.topics else "fallback"
    if _is_sure(kind, understood):
        return _topic(book, topic, visit)
    if topic in ("affirm", "deny", "stop"):
        return _plain("fallback", visit.say("stray"), visit)
    return _unsure(book, understood, visit)


def _is_sure(kind: str, understood: Understood) -> bool:
    if kind == "boundary":
        return understood.confidence >= BOUNDARY_FROM
    if understood.confidence < ANSWER_FROM:
        return False
    return kind == "smalltalk" or (kind == "answer" and understood.chance("out_of_scope") < DOUBTED_FROM)


def _both(understood: Understood) -> list[Understood]:
    """The readings of two questions with different answers, else nothing."""
    book = library()
    clear: dict[str, Understood] = {}
    for question in understood.questions:
        topic = book.topics.get(question.intent)
        if topic and topic.kind in ASKABLE and question.confidence >= SECOND_FROM:
            clear.setdefault(question.intent, question)
    return list(clear.values())[:2] if len(clear) > 1 else []


def _topic(book: Library, topic: str, visit: Visit) -> Reply:
    aftermath, kind = visit.aftermath, book.topics[topic].kind
    if aftermath.withhold and topic in withheld_topics():
        return withheld_reply(aftermath.language)
    if aftermath.flagged and kind == "smalltalk" and topic != "are_you_a_bot":
        return Reply("handoff", text("after_crisis_line", aftermath.language))
    found = book.answers.get(topic)
    if found is None:
        return _plain("fallback", visit.say("missing"), visit, topic, [_call(visit), _person(visit)])
    buttons = _related(book, found, aftermath)
    if found.more:
        buttons.insert(0, Button(title=visit.say("tell_more"), payload="/follow_up"))
    if kind == "boundary" and not aftermath.flagged:
        buttons.append(_call(visit))
    return Reply(kind, _said(topic, found.short, visit), topic, buttons, book.cited(found))


def _more(book: Library, topic: str, visit: Visit) -> Reply:
    found = book.answers[topic]
    if visit.aftermath.withhold and topic in withheld_topics():
        return withheld_reply(visit.aftermath.language)
    parts = [found.more or found.short]
    if found.not_known:
        parts.append(visit.say("not_known").format(text=found.not_known.strip()))
    said = _said(topic, "\n\n".join(part.strip() for part in parts), visit)
    return Reply(book.topics[topic].kind, said, topic, _related(book, found, visit.aftermath), book.cited(found))


def _to_a_minor(book: Library, visit: Visit) -> Reply:
    """Who is under 18 hears what is known on age, and that a parent or guardian has to ask."""
    reply = _topic(book, "age_limits", replace(visit, language="en"))
    buttons = [button for button in reply.buttons if button["payload"] != "/candidacy"]
    return replace(reply, text=f"{visit.say('minor')}\n\n{reply.text}", buttons=buttons)


def _related(book: Library, found: Answer, aftermath: Aftermath) -> list[Button]:
    """What leads on; never to an answer that is not there or would be withheld."""
    left_out = withheld_topics() if aftermath.withhold else frozenset()
    return [
        Button(title=book.title(one), payload=f"/{one}")
        for one in found.related
        if one in book.answers and one not in left_out
    ]


def _unsure(book: Library, understood: Understood, visit: Visit) -> Reply:
    likely = [
        topic
        for topic, chance in understood.ranking
        if chance >= CLARIFY_FROM and topic in book.topics and book.topics[topic].kind in ASKABLE
    ][:CHOICES]
    if (
        visit.aftermath.flagged
        or not likely
        or (understood.intent == "out_of_scope" and understood.confidence >= OUT_OF_SCOPE_FROM)
    ):
        if visit.fallbacks:
            return _plain("fallback", visit.say("fallback_again"), visit, None, [_person(visit), _call(visit)])
        return _plain("fallback", visit.say("fallback"), visit, None, [_call(visit), _person(visit)])
    buttons = [Button(title=book.title(topic), payload=f"/{topic}") for topic in likely]
    buttons.append(Button(title=visit.say("none_of_these"), payload="/out_of_scope"))
    return Reply("clarify", visit.say("clarify"), buttons=buttons)


def _plain(kind: str, said: str, visit: Visit, topic: str | None = None, buttons: list[Button] | None = None) -> Reply:
    if visit.aftermath.flagged:
        return Reply("handoff", text("after_crisis_line", visit.aftermath.language), topic)
    return Reply(kind, said, topic, buttons or [])


def _call(visit: Visit) -> Button:
    return Button(title=visit.say("book_a_call"), payload="/book_call")


def _person(visit: Visit) -> Button:
    return Button(title=visit.say("talk_to_human"), payload="/talk_to_human")


def _said(topic: str, english: str, visit: Visit) -> str:
    """An answer's words with what has to stand around them: Spanish for who writes Spanish, 988 after a flag."""
    said = fill(english, visit.clinic)
    if visit.language == "es":
        spanish = wording()["spanish"]
        said = fill(spanish["instead"][topic], visit.clinic) if topic in spanish["instead"] else (
            f"{fill(spanish['before'], visit.clinic)}\n\n{said}"
        )  # fmt: skip
    aftermath = visit.aftermath
    return f"{said}\n\n{text('after_crisis_line', aftermath.language)}" if aftermath.flagged else said
