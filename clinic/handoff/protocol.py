"""The protocol's wording, put together from data/protocol.yml. No sentence stands here."""

from enum import StrEnum
from typing import Any

from clinic.chat.reply import Button, Reply
from clinic.content import DATA, Live, read_yaml
from clinic.handoff.finding import Finding


class People(StrEnum):
    """What is true about the clinic's staff at this moment; the names are keys of the wording."""

    trying = "people_trying"  # recorded, and a channel is configured that the worker uses
    queued = "people_queued"  # recorded, no channel configured: staff see it when they look
    not_reached = "people_not_reached"  # not even recorded yet


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
        _ = [links[name] for name in ("call_988", "text_988", "call_911", "call_clinic")]
    return book


protocol = Live(read_protocol, FILE)


def text(key: str, language: str = "en") -> str:
    return protocol()["texts"][language][key]


def buttons(names: list[str], language: str = "en") -> list[Button]:
    return [Button(**protocol()["buttons"][language][name]) for name in names]


def resources(finding: Finding) -> tuple[str, list[Button]]:
    """The numbers that go with this risk, as words and as links."""
    book = protocol()
    entry: dict[str, Any] = book["replies"][finding.risk]
    imminent = finding.severity == "imminent"
    chosen = book["resources"][(imminent and entry.get("imminent_resources")) or entry["resources"]]
    return text(chosen["text"], finding.language), buttons(chosen["buttons"], finding.language)


def crisis_reply(finding: Finding, *, people: People, earlier: int = 0) -> Reply:
    """What a visitor reads at once. `earlier` counts the crisis replies this conversation has had."""
    language = finding.language
    entry: dict[str, Any] = protocol()["replies"][finding.risk]
    imminent = finding.severity == "imminent"
    kind = entry.get("kind", "crisis")
    topic = "medical_emergency" if kind == "medical_emergency" else None
    numbers, links = resources(finding)
    if earlier and not imminent and kind == "crisis":
        parts = [text("second" if earlier == 1 else "again", language)]
        if people is People.not_reached:
            parts.append(text(people, language))
        return Reply(kind, "\n\n".join(parts), topic, links)
    about_other = finding.about == "other"
    parts = [entry[language]["other" if about_other else "self"], numbers]
    if about_other and "help_other" in entry[language]:
        parts.append(entry[language]["help_other"])
    parts.append(text(people, language))
    if "extra" in entry:
        parts.append(text(entry["extra"], language))
    question = (finding.severity == "concern" and entry.get("concern_question")) or entry.get("question")
    if entry.get("offer_call"):
        parts.append(text("offer_call", language))
    if question and not about_other:
        parts.append(text(question, language))
    return Reply(kind, "\n\n".join(parts), topic, links)


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


def withheld_reply(language: str = "en") -> Reply:
    return Reply(
        "handoff",
        text("withheld", language),
        buttons=buttons(["call_988", "text_988", "call_clinic"], language),
    )


def withheld_topics() -> frozenset[str]:
    return frozenset(protocol()["withheld_after_crisis"])
