"""What came of many kills, as the table of docs/reliability.md."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import median

from benchmarks.faults.loop import RESOURCES_WITHIN, Outcome

BEGIN, END = "<!-- kills: begin -->", "<!-- kills: end -->"
HEAD = (
    "| killed at | kills | escalations lost | doubled | alerts lost | resources missing | slowest reply |"
    " alert out: median, slowest |",
    "|---|---|---|---|---|---|---|---|",
)


def summary(outcomes: Sequence[Outcome], *, points: Sequence[str], minutes: float, on: date) -> str:
    """One row a point, one for all, and what they mean. A kill that did not happen counts as none, and is named."""
    rows = [_row(point, [one for one in outcomes if one.point == point]) for point in points]
    missed = [one for one in outcomes if not one.died]
    late = [one for one in outcomes if one.reply_seconds is not None and one.reply_seconds > RESOURCES_WITHIN]
    died = [one for one in outcomes if one.died]
    lines = [
        f"Measured on {on.isoformat()}: {len(died)} kills in {minutes:.0f} minutes.",
        "",
        *HEAD,
        *rows,
        _row("**all**", outcomes),
        "",
        f"Replies later than {RESOURCES_WITHIN:.0f} s where `web` was alive: {len(late)}. "
        f"Points armed and not reached: {len(missed)}.",
    ]
    return "\n".join(lines)


def write_into(file: Path, words: str) -> None:
    """Between the two marks of the file. Raises ValueError where they are missing."""
    before, begin, rest = file.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{file} does not hold {BEGIN} and {END}")
    file.write_text(f"{before}{BEGIN}\n{words}\n{END}{after}", encoding="utf-8")


def _row(name: str, found: Sequence[Outcome]) -> str:
    found = [one for one in found if one.died]
    if not found:
        return f"| {name} | 0 | | | | | | |"
    lost = sum(one.escalations == 0 for one in found)
    doubled = sum(one.escalations > 1 for one in found)
    silent = sum(one.alerted_after is None for one in found)
    unhelped = sum(not one.resources for one in found)
    replies = [one.reply_seconds for one in found if one.reply_seconds is not None]
    alerts = [one.alerted_after for one in found if one.alerted_after is not None]
    reply = f"{max(replies):.2f} s" if replies else "from the widget"
    alert = f"{median(alerts):.0f} s, {max(alerts):.0f} s" if alerts else ""
    return f"| {name} | {len(found)} | {lost} | {doubled} | {silent} | {unhelped} | {reply} | {alert} |"
