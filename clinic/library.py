"""The curated answers: data/topics.tsv, data/answers/<topic>.yml and data/sources.yml; data/library.yml orders them."""

import csv
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from clinic.chat.reply import Source
from clinic.content import DATA, Live, read_yaml
from clinic.settings import ClinicInfo

TOPICS_FILE, ANSWERS, SOURCES_FILE = DATA / "topics.tsv", DATA / "answers", DATA / "sources.yml"
SHELVES_FILE = DATA / "library.yml"


@dataclass(frozen=True)
class Topic:
    """A line of data/topics.tsv. `kind` is the kind of the reply: answer, boundary, smalltalk, fallback, …"""

    id: str
    kind: str
    about: str


@dataclass(frozen=True)
class Answer:
    """One curated answer. `short` is the chat reply, `more` goes further; both are shown exactly as written."""

    topic: str
    title: str
    question: str
    short: str
    reviewed_on: date
    reviewer: str
    next_review: date
    more: str = ""
    not_known: str = ""
    sources: list[str] = field(default_factory=list)
    related: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    from_memory: list[str] = field(default_factory=list)

    @property
    def awaits_review(self) -> bool:
        """No clinician has looked at it yet; `reviewed_on` is then the day it was written."""
        return self.reviewer.startswith("awaiting")


@dataclass(frozen=True)
class Library:
    """All topics, the answers there are, and the sources they cite."""

    topics: dict[str, Topic]
    answers: dict[str, Answer]
    sources: dict[str, dict[str, Any]]

    def title(self, topic: str) -> str:
        """A button's words for a topic."""
        answer = self.answers.get(topic)
        return answer.title if answer else topic.replace("_", " ").capitalize()

    @property
    def pages(self) -> dict[str, Answer]:
        """The answers that are pages of the library: education, without small talk and refusals."""
        return {topic: answer for topic, answer in self.answers.items() if self.topics[topic].kind == "answer"}

    def cited(self, answer: Answer) -> list[Source]:
        return [
            Source(
                title=f"{self.sources[key]['title']} ({self.sources[key]['by']})",
                url=self.sources[key].get("url"),
            )
            for key in answer.sources
        ]


@dataclass(frozen=True)
class Heading:
    """A heading of the library's list page; `id` is its anchor."""

    id: str
    title: str
    topics: list[str]


@dataclass(frozen=True)
class Shelves:
    """data/library.yml: how the library's pages are grouped, and which show the crisis line first."""

    headings: list[Heading]
    other_heading: str
    crisis_line_first: list[str]

    def filled(self, book: Library) -> list[Heading]:
        """The headings with the topics that have a page; those under no heading come last."""
        headed = {topic for heading in self.headings for topic in heading.topics}
        rest = Heading("other", self.other_heading, [topic for topic in book.pages if topic not in headed])
        shown = [
            Heading(one.id, one.title, [topic for topic in one.topics if topic in book.pages])
            for one in [*self.headings, rest]
        ]
        return [heading for heading in shown if heading.topics]


def fill(text: str, clinic: ClinicInfo, **more: object) -> str:
    """`text` with the clinic's {phone} and {retention_days}, and whatever else is given, put in."""
    for name, value in {"phone": clinic.phone, "retention_days": clinic.retention_days, **more}.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text.strip()


def read_topics() -> dict[str, Topic]:
    with TOPICS_FILE.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["topic"]: Topic(row["topic"], row["kind"], row["what the visitor wants"]) for row in rows}


def read_library() -> Library:
    """Raises ValueError where an answer names a topic or a source that does not exist."""
    topics, sources = read_topics(), read_yaml(SOURCES_FILE)
    answers = [Answer(**read_yaml(path)) for path in sorted(ANSWERS.glob("*.yml"))]
    for answer in answers:
        unknown = {answer.topic, *answer.related} - topics.keys() | set(answer.sources) - sources.keys()
        if unknown:
            raise ValueError(f"data/answers/{answer.topic}.yml: unknown {', '.join(sorted(unknown))}")
    return Library(topics=topics, answers={answer.topic: answer for answer in answers}, sources=sources)


def read_shelves() -> Shelves:
    """Raises ValueError where a topic does not exist."""
    book = read_yaml(SHELVES_FILE)
    shelves = Shelves(**book | {"headings": [Heading(**heading) for heading in book["headings"]]})
    named = {topic for heading in shelves.headings for topic in heading.topics} | set(shelves.crisis_line_first)
    if unknown := named - read_topics().keys():
        raise ValueError(f"data/library.yml: unknown {', '.join(sorted(unknown))}")
    return shelves


library = Live(read_library, TOPICS_FILE, ANSWERS, SOURCES_FILE)
shelves = Live(read_shelves, SHELVES_FILE)
