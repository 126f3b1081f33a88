"""What the commands share: the settings, the database, tables or JSON."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import typer
import yaml
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.table import Table

from clinic.settings import Settings

if TYPE_CHECKING:
    from clinic.db import Database

console, errors = Console(), Console(stderr=True)


def settings() -> Settings:
    """The settings, checked; a mistake ends the command with what to mend."""
    try:
        made = Settings()
        _ = made.clinic
        return made
    except ValidationError as problem:
        for error in problem.errors():
            where = ".".join(str(part) for part in error["loc"])
            errors.print(f"[red]Setting {where or 'missing'}:[/] {error['msg']} (see docs/settings.md)")
        raise typer.Exit(2) from problem
    except SettingsError as problem:
        errors.print(
            f'[red]{problem}[/]: lists are written as JSON, for example \'["one", "two"]\' (see docs/settings.md)'
        )
        raise typer.Exit(2) from problem
    except (OSError, yaml.YAMLError) as problem:
        errors.print(f"[red]clinic.yml cannot be read[/] ({type(problem).__name__}). LOTUS_CLINIC_FILE is its path.")
        raise typer.Exit(2) from problem


def database(made: Settings) -> "Database":
    from clinic.db import Database
    from clinic.migrate import migrate

    migrate(made.database)
    return Database(made.database)


def show(rows: Sequence[Mapping[str, str | bool | None]], *, as_json: bool, empty: str) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        console.print(empty)
        return
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*("yes" if value is True else str(value or "–") for value in row.values()))
    console.print(table)
