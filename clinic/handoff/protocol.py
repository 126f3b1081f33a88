"""The protocol's wording, put together from data/protocol.yml. No sentence stands here."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from clinic.chat.reply import Button, Reply
from clinic.content import DATA, Live, read_yaml
from clinic.handoff.finding import Finding
from clinic.handoff.safety_answer import Answer, Question


class People(StrEnum):
    """What is true about the clinic's staff at this moment; the names are keys of the wording."""

    trying = "people_trying"  # recorded, and a channel is configured that the worker uses
    queued = "people_queued"  # recorded, no channel configured: staff see it when they look
    waiting = "people_waiting"  # recorded, and staff are alerted when the clinic opens
    not_reached = "people_not_reached"  # not even recorded yet


class Notice(StrEnum):
    """Lines about people that follow in the chat, as things change; keys of `notices`."""

    sent = "sent"
    seen = "seen"
    joined = "joined"
    left = "left"
    left_trying = "left_trying"
    lapsed = "lapsed"
    trying_again = "trying_again"
    unanswered = "unanswered"
    not_delivered = "not_delivered"
    nobody_answered = "nobody_answered"


FILE = DATA / "protocol.yml"
LANGUAGES = ("en", "es")
OTHER_TEXTS = (
    "second",
    "again",
    "after_crisis_line",
    "withheld",
    "safe_text",
    "refusal",
    "offer_call",
    "phone_added",
    "recorded_late",
    "answered_no",
    "who_is_told",
    "safeut",
    "closed_now",
)


def read_protocol() -> dict[str, Any]:
    """The file, every key that a reply needs looked up once: a misspelled one is refused here, not in a crisis."""
    book = read_yaml(FILE)
    for language in LANGUAGES:
        texts, links = book["texts"][language], book["buttons"][language]
        for resources in book["resources"].values():
            _ = texts[resources["text"]], [links[name]["payload"] for name in resources["buttons"]]
        for entry in book["replies"].values():
            _ = entry[language]["self"], entry[language]["other"], book["resources"][entry["resources"]]
            for key in ("question", "concern_question", "extra"):
                _ = texts[entry[key]] if key in entry else None
            _ = book["resources"][entry.get("imminent_resources", entry["resources"])]
        for key in (*People, *OTHER_TEXTS):
            _ = texts[key]
        _ = book["opens"][language]["at"], book["opens"][language]["weekdays"][6]
        _ = [book["notices"][language][key] for key in Notice]
        _ = [links[name] for name in ("call_988", "text_988", "call_911", "call_clinic", "safeut")]
        _ = [links[f"{question}_{answer}"]["payload"] for question in Question for answer in (Answer.yes, Answer.no)]
    return book


protocol = Live(read_protocol, FILE)


def text(key: str, language: str = "en") -> str:
    return protocol()["texts"][language][key]


def buttons(names: list[str], language: str = "en") -> list[Button]:
    return [Button(**protocol()["buttons"][language][name]) for name in names]


def answer_button(question: Question, answer: Answer, language: str) -> Button:
    """Yes or No to one of the two safety questions."""
    return buttons([f"{question}_{answer}"], language)[0]


def resources(finding: Finding) -> tuple[str, list[Button]]:
    """The numbers that go with this risk, as words and as links."""
    book = protocol()
    entry: dict[str, Any] = book["replies"][finding.risk]
    imminent = finding.severity == "imminent"
    chosen = book["resources"][(imminent and entry.get("imminent_resources")) or entry["resources"]]
    return text(chosen["text"], finding.language), buttons(chosen["buttons"], finding.language)


def crisis_reply(
    finding: Finding, *, people: People, earlier: int = 0, also: Sequence[str] = (), closed_until: str = ""
) -> Reply:
    """What a visitor reads at once. `earlier` counts the crisis replies this conversation has had.

    `closed_until`: when the clinic opens again, in words, where it is closed now. `also` names texts that belong in
    this one: safeut (with its link), who_is_told, phone_added.
    """
    language = finding.language
    entry: dict[str, Any] = protocol()["replies"][finding.risk]
    kind = entry.get("kind", "crisis")
    topic = "medical_emergency" if kind == "medical_emergency" else None
    numbers, links = resources(finding)
    if "safeut" in also:
        links += buttons(["safeut"], language)
    if earlier and finding.severity != "imminent" and kind == "crisis":
        parts = [text("second" if earlier == 1 else "again", language), *(text(key, language) for key in also)]
        if people is People.not_reached:
            parts.append(text(people, language))
        return Reply(kind, "\n\n".join(parts), topic, links)
    parts = [_opening(finding, entry[language]), numbers]
    if finding.about == "other" and "help_other" in entry[language]:
        parts.append(entry[language]["help_other"])
    parts.append(text(people, language).format(opens=closed_until))
    if closed_until and people in (People.trying, People.queued):
        parts.append(text("closed_now", language).format(opens=closed_until))
    parts += [text(key, language) for key in also]
    if "extra" in entry:
        parts.append(text(entry["extra"], language))
    if entry.get("offer_call") and "phone_added" not in also:
        parts.append(text("offer_call", language))
    if question := _question(finding, entry):
        parts.append(text(question, language))
        links += [answer_button(question, answer, language) for answer in (Answer.yes, Answer.no)]
    return Reply(kind, "\n\n".join(parts), topic, links)


def _opening(finding: Finding, wording: dict[str, str]) -> str:
    if finding.about == "other":
        return wording["other"]
    return wording.get("answered", wording["self"]) if finding.answers else wording["self"]


def _question(finding: Finding, entry: dict[str, Any]) -> Question | None:
    """The one question, to visitors about themselves; what was just answered is not asked again."""
    asked = (finding.severity == "concern" and entry.get("concern_question")) or entry.get("question")
    if not asked or finding.about == "other" or finding.answers == Question.already:
        return None
    return Question(asked)


def safe_text(language: str = "en") -> Reply:
    """What a visitor reads when any part behind `web` failed."""
    return Reply(
        "safe_text",
        text("safe_text", language),
        buttons=buttons(["call_988", "text_988", "call_911"], language),
    )


def phone_added_reply(language: str = "en") -> Reply:
    """After the number was stored with the escalation."""
    said = f"{text('phone_added', language)}\n\n{text('after_crisis_line', language)}"
    return Reply("handoff", said, buttons=buttons(["call_988", "text_988", "call_911"], language))


def answered_no_reply(language: str = "en") -> Reply:
    """After a no to the safety question: nothing changes, and the door stays open."""
    return Reply(
        "handoff", text("answered_no", language), buttons=buttons(["call_988", "text_988", "call_911"], language)
    )


def who_is_told_reply(language: str = "en") -> Reply:
    """The truth about police, family, doctor and secrecy."""
    said = f"{text('who_is_told', language)}\n\n{text('after_crisis_line', language)}"
    return Reply("handoff", said, buttons=buttons(["call_988", "text_988", "call_911"], language))


def withheld_reply(language: str = "en") -> Reply:
    return Reply(
        "handoff",
        text("withheld", language),
        buttons=buttons(["call_988", "text_988", "call_clinic"], language),
    )


def withheld_topics() -> frozenset[str]:
    return frozenset(protocol()["withheld_after_crisis"])
