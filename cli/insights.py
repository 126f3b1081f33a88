"""`lotus insights`: which answers are missing, as tables for people or one line of JSON."""

from dataclasses import asdict
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table

from clinic.gaps import Group
from clinic.insights import Counts, Report

OUTCOMES = ("answered", "clarified", "fell_back", "other")
MOST_GROUPS = 15  # of each kind; --json has all
HEADINGS = {
    "missing": ("Understood, but nobody has written the answer", "topic"),
    "fell_back": ("Not understood, by the word that the messages share", "word"),
    "clarified": ("Asked back, by the topics offered", "topics"),
}
NEXT = (
    "A missing or not understood subject: add a topic or an answer. Topics that are often offered together: "
    "sharpen their examples in data/nlu. CONTRIBUTING.md says how, docs/insights.md how to read this."
)


def as_json(report: Report) -> dict[str, Any]:
    """The object that docs/insights.md describes."""
    return {
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "total": _counted(report.total),
        "days": [{"day": day.isoformat()} | _counted(counts) for day, counts in report.days.items()],
        "left_out": {"flagged_conversations": report.flagged_conversations, "booking_turns": report.booking_turns},
        "groups": [
            {key: value.isoformat() if isinstance(value, date) else value for key, value in asdict(group).items()}
            for group in report.groups
        ],
    }


def show(report: Report, console: Console, *, retention_days: int) -> None:
    if report.total.turns == 0:
        console.print(
            f"Nothing to report: no visitor's question from {report.since} to {report.until}. Chats are kept for "
            f"{retention_days} days. To measure without visitors: `lotus evaluate answers FILE`."
        )
        return
    console.print(_days(report))
    console.print(
        f"Left out: {report.flagged_conversations} conversations with a crisis flag, "
        f"{report.booking_turns} messages of bookings."
    )
    if not report.groups:
        console.print(
            "Every question had its answer; there is no gap to show. `--days` takes in more days; "
            f"chats are kept for {retention_days}."
        )
        return
    for outcome, (heading, first_column) in HEADINGS.items():
        if groups := [group for group in report.groups if group.outcome == outcome]:
            console.print(_groups(groups, heading, first_column))
    console.print(NEXT)


def _counted(counts: Counts) -> dict[str, Any]:
    return asdict(counts) | {"shares": {outcome: counts.share(outcome) for outcome in OUTCOMES}}


def _days(report: Report) -> Table:
    table = Table("day", "turns", "answered", "clarified", "fell back", "other", "then tapped a topic", "none of these")
    for name, counts in [*((str(day), counts) for day, counts in report.days.items()), ("all", report.total)]:
        shares = [f"{getattr(counts, outcome)} ({counts.share(outcome) or 0:.0%})" for outcome in OUTCOMES]
        table.add_row(name, str(counts.turns), *shares, str(counts.resolved), str(counts.none_of_these))
    table.rows[-2].end_section = True
    return table


def _groups(groups: list[Group], heading: str, first_column: str) -> Table:
    left = len(groups) - MOST_GROUPS
    caption = f"and {left} more, see --json" if left > 0 else None
    table = Table(
        first_column, "messages", "chats", "first", "last", "words", "wordings", title=heading, caption=caption
    )
    for group in groups[:MOST_GROUPS]:
        then = "\n".join(f"→ {what} {times}" for what, times in group.then.items())
        table.add_row(
            ", ".join(group.about) + (f"\n{then}" if then else "") or "(no word in common)",
            str(group.count),
            str(group.conversations),
            str(group.first),
            str(group.last),
            ", ".join(group.words),
            "\n".join(group.examples) or "–",
            end_section=True,
        )
    return table
