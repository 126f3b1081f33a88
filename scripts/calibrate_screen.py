"""Print what the screen's two thresholds and its rules bring, on the examples that the net was not trained on.

    PYTHONPATH=. .venv/bin/python scripts/screen_examples.py > .tools/screen-examples.jsonl
    PYTHONPATH=. .venv/bin/python -m scripts.calibrate_screen .tools/screen-examples.jsonl

The net's share held back (`split` dev) gives the table of thresholds, all other examples the precision of each rule.
"""

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from screen.assess import explain
from screen.classifier import classifier
from screen.explanation import Outcome
from screen.rules import rule_book

FLAG_FROM = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
SUPPORT_FROM = (0.0, 0.05, 0.1, 0.2, 0.3)


@dataclass(frozen=True)
class Seen:
    risky: bool
    rules: frozenset[str]
    chance: float


def look(row: dict[str, str]) -> Seen:
    """What the rules and the net find in one example, each on its own."""
    seen = explain(row["typed"])
    kept = (Outcome.counted, Outcome.doubted)
    rules = frozenset(hit.finding.rule for hit in seen.reading.hits if hit.outcome in kept)
    opinions = seen.opinions
    if opinions is None:
        opinions = classifier().opinions(seen.reading.unsettled, row["typed"])
    return Seen(row["risk"] != "none", rules, max((opinion.chance for opinion in opinions), default=0.0))


def main() -> None:
    console = Console()
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    seen = [look(row) for row in track(rows, "reading")]
    trained = [one for one, row in zip(seen, rows, strict=True) if row["split"] == "train"]
    held_back = [one for one, row in zip(seen, rows, strict=True) if row["split"] == "dev"]
    console.print(rule_table(trained))
    console.print(threshold_table(held_back))


def rule_table(examples: list[Seen]) -> Table:
    right, wrong = Counter[str](), Counter[str]()
    for one in examples:
        (right if one.risky else wrong).update(one.rules)
    table = Table("rule", "certain", "risky", "harmless", "share right")
    for rule in sorted(right | wrong, key=lambda name: right[name] / (right[name] + wrong[name])):
        share = right[rule] / (right[rule] + wrong[rule])
        certain = "yes" if rule_book().rules[rule].certain else ""
        table.add_row(rule, certain, str(right[rule]), str(wrong[rule]), f"{share:.2f}")
    return table


def threshold_table(examples: list[Seen]) -> Table:
    risky = np.array([one.risky for one in examples])
    chance = np.array([one.chance for one in examples])
    hit = np.array([bool(one.rules) for one in examples])
    certain = np.array([any(rule_book().rules[rule].certain for rule in one.rules) for one in examples])
    title = f"{risky.sum()} risky and {(~risky).sum()} harmless examples held back: recall / false alarms"
    table = Table("net flags from", *(f"rules from {support}" for support in SUPPORT_FROM), title=title)
    for flag in FLAG_FROM:
        cells = []
        for support in SUPPORT_FROM:
            flagged = (chance >= flag) | certain | (hit & (chance >= support))
            cells.append(f"{flagged[risky].mean():.3f} / {flagged[~risky].mean():.3f}")
        table.add_row(f"{flag:.2f}", *cells)
    return table


if __name__ == "__main__":
    main()
