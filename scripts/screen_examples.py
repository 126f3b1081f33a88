"""Write the screen's training examples, normalised as the screen reads them, as JSON lines to standard output.

Sources: data/screen/training/*.tsv, data/screen/development.tsv, and data/nlu (every intent but two is "none").
"""

import csv
import hashlib
import json
import sys
from collections.abc import Iterator
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


def examples() -> Iterator[tuple[str, str, str, str, str]]:
    """Text, risk, severity, about, kind; the last three are empty where they are not known."""
    for path in sorted((ROOT / "data/screen/training").glob("*.tsv")):
        for row in rows(path):
            yield row["text"], row["risk"], row["severity"], row["about"], row["kind"]
    for row in rows(ROOT / "data/screen/development.tsv"):
        yield row["text"], row["risk"] if row["label"] == "crisis" else "none", "", "", ""
    for path in sorted((ROOT / "data/nlu").glob("*.yml")):
        [entry] = yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
        for line in entry["examples"].splitlines():
            text = line.strip().removeprefix("- ")
            if text and entry["intent"] in RISKS_OF_INTENTS:
                yield (text, *RISKS_OF_INTENTS[entry["intent"]], entry["intent"])
            elif text and share_of(text, NLU_SHARE) == 0:
                yield text, "none", "", "", entry["intent"]


def share_of(text: str, parts: int) -> int:
    """A stable number from 0 to parts - 1."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % parts


def main() -> None:
    seen: set[str] = set()
    for text, risk, severity, about, kind in examples():
        read = as_read(text)
        if read and read not in seen:
            seen.add(read)
            split = "dev" if share_of(read, 10) == 0 else "train"
            line = {"text": read, "typed": text, "risk": risk, "severity": severity, "about": about, "split": split}
            line["kind"] = f"{risk}/{kind}" if kind else ""
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
