"""The arithmetic of the table."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.screen.peers import Answer

LABELS = ("crisis", "not_crisis", "ambiguous")


def figures(rows: Sequence[dict[str, str]], answers: Sequence[Answer]) -> dict[str, Any]:
    """Shares of rows flagged: of crisis (recall), of not_crisis (false alarms), of ambiguous (neither right nor wrong).

    A share of no rows is None. `ms` is the median over all rows.
    """
    flagged: dict[str, list[bool]] = {label: [] for label in LABELS}
    by_category: dict[str, list[bool]] = defaultdict(list)
    for row, answer in zip(rows, answers, strict=True):
        flagged[row["label"]].append(answer.flag)
        by_category[f"{row['label']}/{row.get('category') or 'all'}"].append(answer.flag)
    return {
        "recall": share(flagged["crisis"]),
        "false_alarms": share(flagged["not_crisis"]),
        "ambiguous_flagged": share(flagged["ambiguous"]),
        "ms": round(median(answer.ms for answer in answers), 3) if answers else None,
        "by_category": {category: share(seen) for category, seen in sorted(by_category.items())},
    }


def share(seen: Sequence[bool]) -> float | None:
    return round(sum(seen) / len(seen), 4) if seen else None
