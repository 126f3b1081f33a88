"""What `make bench` prints: a table for people, and the figures the issue asks for as one line of JSON."""

import statistics
from collections.abc import Iterator
from typing import Any

from benchmarks.bench.load import Samples, quantile

LEVELS = (1, 8, 32)


def turns_row(samples: Samples) -> dict[str, Any]:
    taken = samples.ms()
    return {
        "turns": len(taken),
        "per_second": round(samples.per_second, 1),
        "p50_ms": round(statistics.median(taken), 1),
        "p95_ms": round(quantile(taken, 0.95), 1),
        "p99_ms": round(quantile(taken, 0.99), 1),
        "silent": samples.silent,
        "safe_text": samples.unlike,
    }


def by_kind(samples: Samples) -> dict[str, float]:
    """Median ms by the kind of turn."""
    return {kind: round(statistics.median(samples.ms(kind)), 1) for kind in sorted({kind for kind, _ in samples.taken})}


def last_line(measured: dict[str, Any]) -> dict[str, Any]:
    """The contract's figures. Of the ratios, 8 at once is what counts; the table has the other levels."""
    ours, stock, web = measured["rest"]["ours"]["8"], measured["rest"]["stock"]["8"], measured["web"]
    return {
        "throughput_ratio": round(ours["per_second"] / stock["per_second"], 2),
        "rasa_p95_ratio": round(ours["p95_ms"] / stock["p95_ms"], 3),
        "web_p50_ms": web["8"]["p50_ms"],
        "web_p95_ms": web["8"]["p95_ms"],
        "crisis_p99_ms": web["crisis"]["p99_ms"],
        "rss_mb": sum(web["memory"].values()),
        "stock_rss_mb": measured["rest"]["stock"]["rss_mb"],
        "cold_start_s": web["cold_start_s"],
        "train_s": measured["training"]["ours_s"],
        "accuracy_ours": measured["accuracy"]["ours"]["first"],
        "accuracy_stock": measured["accuracy"]["stock"]["first"],
        "stock_share": measured["training"]["stock_share"],
        "stock_epochs": measured["training"]["stock_epochs"],
    }


def table(measured: dict[str, Any]) -> str:
    return "\n".join([*_turns(measured["rest"], measured["web"]), "", *_the_rest(measured)])


def _turns(rest: dict[str, Any], web: dict[str, Any]) -> Iterator[str]:
    yield "| Rasa's REST channel | turns | a second | p50, ms | p95, ms | p99, ms | silent |"
    yield "|---|---|---|---|---|---|---|"
    for level in LEVELS:
        for side in ("stock", "ours"):
            yield _row(f"{side}, {level} at once", rest[side][str(level)], "silent")
    yield from ("", "| all of ours, through web | turns | a second | p50, ms | p95, ms | p99, ms | safe text |")
    yield "|---|---|---|---|---|---|---|"
    for level in LEVELS:
        yield _row(f"{level} at once", web[str(level)], "safe_text")
    yield _row("a crisis message beside 8 and 32", web["crisis"], "unanswered")


def _the_rest(measured: dict[str, Any]) -> Iterator[str]:
    training, accuracy, web = measured["training"], measured["accuracy"], measured["web"]
    stock, ours = measured["rest"]["stock"], measured["rest"]["ours"]
    share = f"{training['stock_examples']} ({training['stock_share']:.0%}), {training['stock_epochs']} epochs"
    rows = [
        ("examples", share, training["ours_examples"]),
        ("training, s", training["stock_s"], training["ours_s"]),
        ("first reply of Rasa alone, s", stock["first_reply_s"], ours["first_reply_s"]),
        ("memory of Rasa alone, MB", stock["rss_mb"], ours["rss_mb"]),
        ("memory of everything, MB", "", f"{sum(web['memory'].values())} ({_named(web['memory'])})"),
        ("first answer of everything (crisis reply), s", "", f"{web['cold_start_s']} ({web['first_crisis_s']})"),
        (f"topic found first, of {accuracy['ours']['n']}", accuracy["stock"]["first"], accuracy["ours"]["first"]),
        ("topic among the first three", accuracy["stock"]["three"], accuracy["ours"]["three"]),
    ]
    yield from ("| | stock | ours |", "|---|---|---|")
    yield from (f"| {name} | {theirs} | {own} |" for name, theirs, own in rows)
    yield ""
    yield f"Shares of turns: {_named(measured['shares'])}. Load of the machine before: {measured['load_before']:.1f}."


def _row(name: str, row: dict[str, Any], last: str) -> str:
    figures = (row.get(key, "") for key in ("turns", "per_second", "p50_ms", "p95_ms", "p99_ms", last))
    return f"| {name} | {' | '.join(map(str, figures))} |"


def _named(numbers: dict[str, Any]) -> str:
    return ", ".join(f"{name} {number}" for name, number in numbers.items())
