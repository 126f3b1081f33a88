"""Labelled files: tab-separated, a header, quotes are plain characters."""

import csv
from pathlib import Path

import typer


def read_rows(file: Path, *needed: str) -> list[dict[str, str]]:
    """The rows as dicts. Ends the command with a clear message where a column or a value is missing."""
    with file.open(encoding="utf-8", newline="") as opened:
        reader = csv.DictReader(opened, delimiter="\t", quoting=csv.QUOTE_NONE)
        missing = [name for name in needed if name not in (reader.fieldnames or [])]
        if missing:
            typer.echo(f"{file}: the header has no column {', '.join(missing)} (tab-separated?)", err=True)
            raise typer.Exit(2)
        rows = list(reader)
    for number, row in enumerate(rows, 2):
        if any(not row[name] for name in needed):
            typer.echo(f"{file}:{number}: {' and '.join(needed)} must not be empty", err=True)
            raise typer.Exit(2)
    return rows
