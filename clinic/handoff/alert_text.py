"""What an alert says, from data/alerts.yml: severity, language, time, a short reference and a link, nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from clinic.booking.words import clock
from clinic.content import DATA, Live, read_yaml
from clinic.handoff.channels import Text
from clinic.handoff.finding import SEVERITIES
from clinic.settings import ClinicInfo

FILE = DATA / "alerts.yml"
MOST_REFERENCES = 10


@dataclass(frozen=True)
class Called:
    """One escalation as an alert names it."""

    reference: str
    severity: str
    language: str
    since: datetime
    is_drill: bool = False


def read_alerts() -> dict[str, Any]:
    """The file, every text filled in once: a misspelled place is refused here, not when staff are needed."""
    book = read_yaml(FILE)
    values = dict.fromkeys(("severity", "language", "time", "reference", "link", "count"), "x")
    for kind, given in (
        ("one", values),
        ("many", values),
        ("drill", {"title": "x", "body": "x"}),
        ("test", {"code": 1}),
    ):
        for part in ("title", "body"):
            _ = book[kind][part].format(**given)
    _ = book["html"].format(lines="x"), book["languages"]["en"], book["languages"]["es"]
    return book


alerts = Live(read_alerts, FILE)


def alert_text(called: Sequence[Called], *, link: str, clinic: ClinicInfo) -> Text:
    """One message for one or for many escalations."""
    book = alerts()
    worst = max(called, key=lambda one: SEVERITIES.index(one.severity))
    first = min(one.since for one in called).astimezone(clinic.zone)
    words = book["one" if len(called) == 1 else "many"]
    more = ["…"] if len(called) > MOST_REFERENCES else []
    values = {
        "count": len(called),
        "severity": worst.severity,
        "language": ", ".join(sorted({book["languages"].get(one.language, one.language) for one in called})),
        "time": f"{first:%Y-%m-%d} {clock(first)} {first:%Z}",
        "reference": ", ".join([one.reference for one in called[:MOST_REFERENCES]] + more),
        "link": link,
    }
    title, body = words["title"].format(**values), words["body"].format(**values)
    if all(one.is_drill for one in called):
        title, body = book["drill"]["title"].format(title=title), book["drill"]["body"].format(body=body, title=title)
    return _text(title, body)


def channel_test(code: str) -> Text:
    """The message that shows whether a channel works."""
    words = alerts()["test"]
    return _text(words["title"], words["body"].format(code=code))


def _text(title: str, body: str) -> Text:
    lines = "<br>".join(escape(line) for line in body.splitlines())
    return Text(title, body, alerts()["html"].format(lines=lines))
