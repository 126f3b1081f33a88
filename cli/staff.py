"""`lotus staff`: who may sign in to the console."""

import contextlib
import json
from typing import Annotated

import typer

from cli.common import database, settings, show

staffing = typer.Typer(no_args_is_help=True, help="Accounts for the staff console")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table")]
All = Annotated[bool, typer.Option("--all", help="Also those that are deactivated")]


@staffing.command("add")
def staff_add(
    email: Annotated[str, typer.Argument(help="What they sign in with")],
    first_name: Annotated[str, typer.Option(prompt=True, help="Visitors read it")],
    title: Annotated[str, typer.Option(prompt=True, help="Visitors read it, for example Nurse")],
    admin: Annotated[bool, typer.Option(help="May also manage staff, on-call list and audit trail")] = False,
    crisis_trained: Annotated[bool, typer.Option(help="May take chats")] = False,
    generate: Annotated[bool, typer.Option(help="Make a password and show it once, instead of asking for one")] = False,
    as_json: AsJson = False,
) -> None:
    """Open an account. The password is asked for, or read from standard input, or generated; never an argument."""
    from cli.staff_accounts import add

    with contextlib.closing(database(settings())) as opened:
        add(opened, settings(), email, first_name, title, admin, crisis_trained, generate=generate, as_json=as_json)


@staffing.command("list")
def staff_list(as_json: AsJson = False, include_inactive: All = False) -> None:
    """List who may sign in."""
    from clinic.staff.accounts import as_row, list_staff

    with database(settings()).reading() as session:
        rows = [as_row(one) for one in list_staff(session, include_inactive=include_inactive)]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        words = [{key: None if value is None else str(value) for key, value in row.items()} for row in rows]
        show(words, as_json=False, empty="No account yet: lotus staff add EMAIL --admin")


@staffing.command("reset-password")
def staff_reset_password(
    email: str,
    generate: Annotated[bool, typer.Option(help="Make a password and show it once")] = False,
    totp: Annotated[bool, typer.Option("--totp", help="Forget the authenticator app as well (lost phone)")] = False,
) -> None:
    """Set another password; ends all sessions and locks of the account. It has to be changed at the next sign-in."""
    from cli.staff_accounts import reset

    with contextlib.closing(database(settings())) as opened:
        reset(opened, settings(), email, generate=generate, totp=totp)


@staffing.command("deactivate")
def staff_deactivate(email: str) -> None:
    """Let nobody in with this account any more; who is signed in is out."""
    from cli.staff_accounts import deactivate

    with contextlib.closing(database(settings())) as opened:
        deactivate(opened, email)
