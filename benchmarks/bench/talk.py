"""Scripted conversations: the same for every side, in the shares of talk.yml, always the same for one seed."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli.tsv import read_rows
from clinic.library import library
from clinic.settings import ROOT

# answers_unseen_2.tsv is left to the accuracy.
QUESTION_FILES = ("answers_heldout.tsv", "answers_unseen.tsv")
SPOKEN: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("talk.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Step:
    """What the visitor does: types `words`, or taps a button with that payload if they begin with a slash.

    `{first}` in them is the title of the last reply's first button. `kind` is the part it counts for.
    """

    kind: str
    words: str


Conversation = list[Step]


class Talk:
    """An endless source of conversations. No question comes twice in the same words until all frames are used up."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        topics = library().topics
        rows = [row for name in QUESTION_FILES for row in read_rows(ROOT / "tests/data" / name, "question", "topic")]
        plain = [row["question"] for row in rows if topics[row["topic"]].kind == "answer"]
        framed = [frame.format(question=question) for frame in SPOKEN["frames"] for question in plain]
        self._questions = self._endless(dict.fromkeys(framed))
        screened = read_rows(ROOT / "data/screen/development.tsv", "text", "label")
        self._crises = self._endless(row["text"] for row in screened if row["label"] == "crisis")
        self._phone = 0
        self._deck: list[str] = []  # of the kinds of twenty conversations

    def conversations(self, turns: int) -> list[Conversation]:
        """As many as it takes for `turns` turns, or a few more."""
        made: list[Conversation] = []
        while sum(map(len, made)) < turns:
            made.append(self.conversation())
        return made

    def conversation(self) -> Conversation:
        if not self._deck:
            self._deck = [kind for kind, share in SPOKEN["shares"].items() for _ in range(round(20 * share))]
            self._random.shuffle(self._deck)
        kind = self._deck.pop()
        kinds = {
            "education": self._education,
            "booking": self._booking,
            "small_talk": self._small_talk,
            "crisis": self._crisis,
        }
        return list(kinds[kind]())

    def alarm(self) -> str:
        """One message that shows risk."""
        return next(self._crises)

    def _crisis(self) -> Iterator[Step]:
        yield self._ask()
        for _ in range(2):
            yield Step("crisis", next(self._crises))
        yield self._ask()

    def _education(self) -> Iterator[Step]:
        if self._random.random() < 0.4:
            yield self._small("greetings")
        for _ in range(self._random.randint(2, 6)):
            yield self._ask()
            if self._random.random() < 0.15:
                yield Step("education", "/follow_up")
        if self._random.random() < 0.4:
            yield self._small("thanks")

    def _booking(self) -> Iterator[Step]:
        for _ in range(self._random.randint(0, 2)):
            yield self._ask()
        self._phone += 1
        values = {
            "name": self._random.choice(SPOKEN["names"]),
            "phone": f"801-5{self._phone // 10000 % 100:02}-{self._phone % 10000:04}",
            "first": "{first}",
        }
        for words in SPOKEN["booking"]:
            yield Step("booking", words.format(**values))
        if self._random.random() < 0.5:
            yield self._small("thanks")

    def _small_talk(self) -> Iterator[Step]:
        for key in ("greetings", "bot", "thanks", "goodbyes"):
            yield self._small(key)

    def _ask(self) -> Step:
        return Step("education", next(self._questions))

    def _small(self, key: str) -> Step:
        return Step("small talk", self._random.choice(SPOKEN[key]))

    def _endless(self, texts: Iterable[str]) -> Iterator[str]:
        pool = list(texts)
        while True:
            self._random.shuffle(pool)
            yield from pool


def shares(conversations: Iterable[Conversation]) -> dict[str, float]:
    """Of turns, by kind."""
    counted = Counter(step.kind for conversation in conversations for step in conversation)
    return {kind: round(number / counted.total(), 3) for kind, number in counted.most_common()}
