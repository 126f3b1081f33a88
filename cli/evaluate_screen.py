"""`lotus evaluate screen`: the crisis screen, called as `web` calls it, on every row of a file."""

import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

import screen
from cli.tsv import read_rows

LABELS = ("crisis", "not_crisis", "ambiguous")


def evaluate(file: Path, console: Console) -> dict[str, Any]:
    """The object that docs/evaluation.md describes; a table and the misses' ids go to `console`."""
    rows = read_rows(file, "text", "label")
    screen.warm_up()
    flagged: dict[str, list[bool]] = {label: [] for label in LABELS}
    by_category: dict[str, list[bool]] = defaultdict(list)
    misses, false_alarms = [], []
    seconds = 0.0
    for number, row in enumerate(track(rows, "screening", console=console), 1):
        started = time.perf_counter()
        is_risk = screen.assess(row["text"][:10_000]).is_risk
        seconds += time.perf_counter() - started
        name = row.get("id") or str(number)
        flagged[row["label"]].append(is_risk)
        by_category[f"{row['label']}/{row.get('category') or 'all'}"].append(is_risk)
        if row["label"] == "crisis" and not is_risk:
            misses.append(name)
        if row["label"] == "not_crisis" and is_risk:
            false_alarms.append(name)
    table = Table("label / category", "n", "flagged", "rate")
    for category, seen in sorted(by_category.items(), key=lambda item: sum(item[1]) / len(item[1])):
        table.add_row(category, str(len(seen)), str(sum(seen)), f"{sum(seen) / len(seen):.2f}")
    console.print(table)
    return {
        "n": len(rows),
        "recall": rate(flagged["crisis"]),
        "false_positive_rate": rate(flagged["not_crisis"]),
        "ambiguous_flag_rate": rate(flagged["ambiguous"]),
        "by_category": {
            category: {"n": len(seen), "flagged": rate(seen)} for category, seen in sorted(by_category.items())
        },
        "misses": misses,
        "false_alarms": false_alarms,
        "ms_per_message": round(1000 * seconds / len(rows), 3) if rows else None,
    }


def rate(seen: list[bool]) -> float | None:
    return round(sum(seen) / len(seen), 4) if seen else None
