"""Our crisis screen beside its peers: one table, every screen on the same labelled rows.

    .venv/bin/python -m benchmarks.screen [FILES] [--only PEER …]

FILES are tab-separated: text, label (crisis, not_crisis, ambiguous), optionally category. A peer's environment is made
in .tools/benchmarks where it is missing. The last line is one JSON object.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Column, Table

from benchmarks.screen.figures import LABELS, figures
from benchmarks.screen.peers import PEERS, PeerError, ask
from cli.tsv import read_rows
from scripts.setup import ROOT

FILES = [ROOT / "tests/data/screen_heldout.tsv", ROOT / "tests/data/screen_unseen.tsv"]
SHARES = ("recall", "false_alarms", "ambiguous_flagged")
Rows = list[dict[str, str]]


def read(file: Path) -> Rows:
    try:
        rows = read_rows(file, "text", "label")
    except typer.Exit as stop:
        raise SystemExit(stop.exit_code) from stop
    except OSError as error:
        raise SystemExit(f"{file}: {error.strerror}") from error
    for number, row in enumerate(rows, 2):
        if row["label"] not in LABELS:
            raise SystemExit(f"{file}:{number}: the label must be one of {', '.join(LABELS)}")
    return rows


def measure(files: dict[str, Rows], names: list[str], console: Console) -> dict[str, dict[str, Any]]:
    """By peer: its figures by file, or the error that kept it from being measured."""
    texts = [row["text"] for rows in files.values() for row in rows]
    results: dict[str, dict[str, Any]] = {}
    for peer in PEERS:
        if peer.name not in names:
            continue
        with console.status(f"asking {peer.name}"):
            try:
                answers = iter(ask(peer, texts))
            except PeerError as error:
                results[peer.name] = {"error": str(error)}
                continue
        results[peer.name] = {
            "note": peer.note,
            "files": {file: figures(rows, [next(answers) for _ in rows]) for file, rows in files.items()},
        }
    return results


def table_of(files: dict[str, Rows], results: dict[str, dict[str, Any]]) -> Table:
    """A section a file. Shares of the rows with that label that were flagged; median milliseconds a message."""
    table = Table(Column("screen", min_width=22), "recall", "false alarms", "ambiguous", "ms", "note")
    for file, rows in files.items():
        table.add_section()
        counts = (str(sum(row["label"] == label for row in rows)) for label in LABELS)
        table.add_row(f"[bold]{file}[/bold]", *(f"of {count}" for count in counts), "", "")
        for name, result in results.items():
            if "error" in result:
                table.add_row(name, "–", "–", "–", "–", f"not measured, {result['error']}")
                continue
            seen = result["files"][file]
            shares = ("–" if seen[key] is None else f"{seen[key]:.3f}" for key in SHARES)
            table.add_row(name, *shares, "–" if seen["ms"] is None else f"{seen['ms']:.2f}", result["note"])
    return table


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="benchmarks.screen", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [peer.name for peer in PEERS]
    parser.add_argument("files", nargs="*", type=Path, default=FILES, metavar="FILES")
    parser.add_argument("--only", nargs="+", default=names, choices=names, metavar="PEER", help=", ".join(names))
    options = parser.parse_args()
    files = {str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file): read(file) for file in options.files}
    console = Console()
    results = measure(files, options.only, console)
    console.print(table_of(files, results))
    print(json.dumps({"rows": {file: len(rows) for file, rows in files.items()}, "results": results}))


if __name__ == "__main__":
    main()
