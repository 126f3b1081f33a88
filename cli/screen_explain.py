"""`lotus screen explain`: why the crisis screen flagged a message or let it pass (docs/crisis-screen.md)."""

import sys
import unicodedata
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Any

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from screen.assess import FLAG_FROM, SUPPORT_FROM, explain
from screen.classifier import classifier
from screen.explanation import ExemptionHit, Explanation, Outcome, Reading, RuleHit
from screen.normalise import MOST_READ
from screen.reading import sentence_as_read
from screen.rules import RuleBook, rule_book

OPENS, CLOSES = "⟦", "⟧"  # unlike colours they survive a pipe
LONGEST_QUOTE = 70  # characters of the visitor's words in a table's cell


def from_standard_input(*, lines: bool) -> tuple[str, list[str]]:
    """The message and those before it: with `lines` each line is a message, and the last one is the message."""
    if sys.stdin.isatty():
        typer.echo("Type or paste the message, then press Ctrl-D on a line of its own.", err=True)
    text = sys.stdin.buffer.read().decode("utf-8", errors="replace").rstrip("\r\n")
    if not lines:
        return text, []
    messages = [line for line in text.splitlines() if line.strip()]
    return (messages[-1], messages[:-1]) if messages else ("", [])


def explanation_of(text: str, previous: list[str]) -> dict[str, Any]:
    """The object that docs/crisis-screen.md describes."""
    seen, book = explain(text, previous), rule_book()
    found = seen.assessment
    return {
        "text": text,
        "assessment": {
            "risk": found.risk,
            "severity": found.severity,
            "about": found.about,
            "language": found.language,
        },
        "decided_by": seen.decided_by,
        "evidence": [
            {"rule": one.rule, "start": one.start, "end": one.end, "words": text[one.start : one.end]}
            for one in found.evidence
        ],
        "unread_characters": max(0, len(text) - MOST_READ),
        "sentences": _sentences(seen.reading),
        "rules": [_rule(hit, text, book) for hit in seen.reading.hits],
        "exemptions": [_exemption(hit, text, book) for hit in seen.reading.exemptions],
        "with_earlier_messages": seen.behind_earlier and _behind_earlier(seen.behind_earlier, text, book),
        "net": _net(seen),
    }


def _sentences(reading: Reading) -> list[dict[str, Any]]:
    unread = {id(sentence) for sentence in reading.unread}
    return [
        {
            "read": sentence_as_read(sentence, reading.text),
            "start": sentence.words[0].start,
            "end": sentence.words[-1].end,
            "asked_of_rules": id(sentence) not in unread,
            "shown_to_net": sentence.said not in reading.settled,
        }
        for sentence in reading.sentences
    ]


def _rule(hit: RuleHit, text: str, book: RuleBook) -> dict[str, Any]:
    found = hit.finding
    by = book.exemptions.get(hit.by or "") if hit.outcome is Outcome.exempt else None
    return {
        "rule": found.rule,
        "reason": book.rules[found.rule].reason,
        "risk": found.risk,
        "severity": found.severity,
        "about": found.about,
        "start": found.start,
        "end": found.end,
        "words": text[found.start : found.end],
        "outcome": hit.outcome,
        "by": hit.by,
        "by_reason": by and by.reason,
        "by_scope": by and by.scope,
    }


def _exemption(hit: ExemptionHit, text: str, book: RuleBook) -> dict[str, Any]:
    exemption = book.exemptions[hit.exemption]
    return {
        "exemption": hit.exemption,
        "reason": exemption.reason,
        "scope": exemption.scope,
        "silences": exemption.silences,
        "start": hit.start,
        "end": hit.end,
        "words": text[hit.start : hit.end],
    }


def _behind_earlier(reading: Reading, text: str, book: RuleBook) -> dict[str, Any]:
    return {
        "read": [sentence_as_read(sentence, reading.text) for sentence in reading.sentences],
        "rules": [_rule(hit, text, book) for hit in reading.hits],
        "exemptions": [_exemption(hit, text, book) for hit in reading.exemptions],
    }


def _net(seen: Explanation) -> dict[str, Any]:
    """Where a certain rule decided, the net was not asked; what it would have said helps to judge it all the same."""
    opinions = seen.opinions
    if opinions is None:
        opinions = classifier().opinions(seen.reading.unsettled, seen.text)
    return {
        "asked": seen.opinions is not None,
        "threshold": FLAG_FROM,
        "windows": [
            {
                "start": one.start,
                "end": one.end,
                "words": seen.text[one.start : one.end],
                "chance": round(one.chance, 4),
                "flags": one.chance >= FLAG_FROM,
                "risk": one.risk,
                "severity": one.severity,
                "about": one.about,
            }
            for one in opinions
        ],
    }


def show(found: dict[str, Any], console: Console) -> None:
    if isinstance(console.file, TextIOWrapper):
        console.file.reconfigure(errors="replace")  # a terminal that is not UTF-8 shows "?" instead of ending this
    console.print(_marked(found["text"], found["evidence"]))
    console.print(_verdict(found))
    if found["unread_characters"]:
        console.print(f"{found['unread_characters']} characters beyond the first {MOST_READ} were not read.")
    console.print(_sentence_table(found["sentences"]))
    _show_rules(found, console, "Rules")
    if joined := found["with_earlier_messages"]:
        console.print(Text("Read behind the earlier messages: " + " ".join(joined["read"])))
        _show_rules(joined, console, "Rules, with the earlier messages")
    console.print(_net_table(found["net"]))


def _marked(text: str, evidence: list[dict[str, Any]]) -> Text:
    marked, at = Text(), 0
    for start, end in _merged((one["start"], one["end"]) for one in evidence):
        marked.append(_safe(text[at:start]))
        marked.append(OPENS + _safe(text[start:end]) + CLOSES, style="bold red")
        at = end
    return marked.append(_safe(text[at:]))


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _verdict(found: dict[str, Any]) -> Text:
    said = found["assessment"]
    if not found["decided_by"]:
        return Text(f"not flagged · {said['language']}", style="green")
    parts = (said["risk"], said["severity"], f"about {said['about']}", said["language"])
    return Text(f"{' · '.join(parts)} — flagged by the {found['decided_by']}", style="bold red")


def _sentence_table(sentences: list[dict[str, Any]]) -> Table:
    table = Table("#", "as read", "rules", "net", title="Sentences")
    for number, one in enumerate(sentences, 1):
        asked = "yes" if one["asked_of_rules"] else "no: a repeat, or enough was known"
        shown = "yes" if one["shown_to_net"] else "no: settled as harmless"
        table.add_row(str(number), Text(one["read"]), asked, shown)
    return table


def _show_rules(found: dict[str, Any], console: Console, title: str) -> None:
    if not found["rules"]:
        console.print(f"{title}: none hit.")
    else:
        table = Table(Column("rule", overflow="fold"), "kind", "words", "outcome", title=title)
        for one in found["rules"]:
            kind = f"{one['risk']}, {one['severity']}, {one['about']}"
            table.add_row(_with_reason(one["rule"], one["reason"]), kind, _quoted(one), _outcome(one))
        console.print(table)
    silencing = {one["by"] for one in found["rules"]}
    idle = {one["exemption"]: one["reason"] for one in found["exemptions"] if one["exemption"] not in silencing}
    for name, reason in idle.items():
        console.print(Text(f"Exemption {name} was there and had no rule to silence. {reason}"))


def _outcome(rule: dict[str, Any]) -> Text:
    if rule["outcome"] is Outcome.counted:
        return Text("counted", style="bold red")
    if rule["outcome"] is Outcome.exempt:
        return _with_reason(f"silenced by {rule['by']} (scope: {rule['by_scope']})", rule["by_reason"], style="green")
    if rule["outcome"] is Outcome.denied:
        return Text(f"denied by the word “{rule['by']}” in front", style="green")
    if rule["outcome"] is Outcome.doubted:
        return Text(f"doubted: not certain, and the net's chance is below {SUPPORT_FROM}", style="green")
    return Text("lies in an earlier message", style="dim")


def _with_reason(what: str, reason: str, style: str = "") -> Text:
    return Text(what, style=style).append(f"\n{reason}", style="dim")


def _net_table(net: dict[str, Any]) -> Table | str:
    if not net["windows"]:
        return "Trained net: there was no sentence to show it."
    title = f"Trained net, flags from {net['threshold']}" + (
        "" if net["asked"] else " (not asked: a certain rule decided)"
    )
    table = Table("window", "chance of a risk", "flags", "likeliest kind", title=title)
    for one in net["windows"]:
        kind = f"{one['risk']}, {one['severity']}, {one['about']}"
        table.add_row(_quoted(one), f"{one['chance']:.4f}", "yes" if one["flags"] else "no", kind)
    return table


def _quoted(one: dict[str, Any]) -> Text:
    words = _safe(" ".join(one["words"].split()))
    short = words if len(words) <= LONGEST_QUOTE else f"{words[: LONGEST_QUOTE - 1]}…"
    return Text(f"{short} [{one['start']}–{one['end']}]")


def _safe(text: str) -> str:
    """Without what could steer the reader's terminal."""
    return "".join("�" if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" else c for c in text)
