"""The curated answers: data/topics.tsv, data/answers/<topic>.yml and data/sources.yml."""

import csv
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from clinic.chat.reply import Source
from clinic.content import DATA, Live, read_yaml

TOPICS_FILE, ANSWERS, SOURCES_FILE = DATA / "topics.tsv", DATA / "answers", DATA / "sources.yml"


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

    def cited(self, answer: Answer) -> list[Source]:
        return [
            Source(
                title=f"{self.sources[key]['title']} ({self.sources[key]['by']})",
                url=self.sources[key].get("url"),
            )
            for key in answer.sources
        ]


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


library = Live(read_library, TOPICS_FILE, ANSWERS, SOURCES_FILE)
