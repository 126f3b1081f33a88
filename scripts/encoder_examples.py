"""Write the encoder's training examples as JSON lines to standard output: what the screen learns, and the topics.

Sources: data/screen/training/*.tsv, data/screen/development.tsv, and data/nlu (every intent but two is risk "none").
The screen's are normalised as it reads them. Of data/nlu the screen learns one in NLU_SHARE; the others stand as they
were typed, which is how Rasa reads, and teach the topic alone.
"""

import csv
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from screen.reading import as_read

ROOT = Path(__file__).resolve().parent.parent
RISKS_OF_INTENTS = {
    "express_crisis": ("suicide", "acute", "self"),
    "medical_emergency": ("medical_emergency", "acute", "self"),
}
NLU_SHARE = 2  # one in so many of the other intents' examples: ordinary questions, without drowning the rest


def rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


@dataclass(frozen=True)
class Example:
    """What is not known is empty. `typed` is what a person wrote, `text` what the encoder is shown."""

    typed: str
    text: str
    risk: str = ""
    severity: str = ""
    about: str = ""
    kind: str = ""
    topic: str = ""


def of_screen(typed: str, risk: str, severity: str = "", about: str = "", kind: str = "", topic: str = "") -> Example:
    return Example(typed, as_read(typed), risk, severity, about, f"{risk}/{kind}" if kind else "", topic)


def examples() -> Iterator[Example]:
    for path in sorted((ROOT / "data/screen/training").glob("*.tsv")):
        for row in rows(path):
            yield of_screen(row["text"], row["risk"], row["severity"], row["about"], row["kind"])
    for row in rows(ROOT / "data/screen/development.tsv"):
        yield of_screen(row["text"], row["risk"] if row["label"] == "crisis" else "none")
    for path in sorted((ROOT / "data/nlu").glob("*.yml")):
        [entry] = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        topic = entry["intent"]
        for line in entry["examples"].splitlines():
            typed = line.strip().removeprefix("- ")
            if typed and topic in RISKS_OF_INTENTS:
                yield of_screen(typed, *RISKS_OF_INTENTS[topic], kind=topic, topic=topic)
            elif typed and share_of(typed, NLU_SHARE) == 0:
                yield of_screen(typed, "none", topic=topic)
            elif typed:
                yield Example(typed, typed, topic=topic)


def share_of(text: str, parts: int) -> int:
    """A stable number from 0 to parts - 1."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % parts


def main() -> None:
    seen: set[str] = set()
    for example in examples():
        if example.text and example.text not in seen:
            seen.add(example.text)
            # engine/graph/topics.py knows by the same rule which examples the encoder has not seen.
            told_apart_by = example.typed if example.topic else example.text
            split = "dev" if share_of(told_apart_by, 10) == 0 else "train"
            sys.stdout.write(json.dumps(asdict(example) | {"split": split}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
