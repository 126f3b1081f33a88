"""`lotus oncall`: who is alerted, from the terminal."""

import json
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from cli.common import console, database, errors, settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

oncall = typer.Typer(no_args_is_help=True, help="Who is alerted, in which order, through which channels")
ACTOR = "terminal"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table")]


def _within(work: "Callable[[Session], Any]") -> Any:
    """Run it in a transaction; what the domain refuses ends the command with the reason."""
    from clinic.errors import InvalidInput, NotFound

    opened = database(settings())
    try:
        with opened.transaction() as session:
            return work(session)
    except InvalidInput as problem:
        errors.print(f"[red]Not accepted:[/] {problem.reason} (see docs/operations.md, On call)")
        raise typer.Exit(2) from problem
    except NotFound as problem:
        errors.print(f"[red]There is no such {problem}.[/] `lotus oncall list` shows the ids.")
        raise typer.Exit(2) from problem
    finally:
        opened.close()


@oncall.command("list")
def list_people(as_json: AsJson = False) -> None:
    """Show the list, who is on duty now, and the hours of the next 14 days that nobody covers."""
    from clinic.clock import iso, utc_now
    from clinic.handoff.oncall import as_plain, list_oncall, uncovered_hours

    clinic, now = settings().clinic, utc_now()
    people, gaps = _within(
        lambda session: (
            [as_plain(one, clinic=clinic, now=now) for one in list_oncall(session)],
            uncovered_hours(session, clinic=clinic, now=now),
        )
    )
    if as_json:
        spans = [{"starts_at": iso(gap.starts_at), "ends_at": iso(gap.ends_at)} for gap in gaps]
        typer.echo(json.dumps({"people": people, "uncovered": spans}, indent=2))
        return
    if not people:
        console.print("Nobody is on the list.")
    for person in people:
        state = "" if person["is_active"] else ", inactive"
        duty = "on duty" if person["on_duty"] else "not on duty"
        console.print(f"[bold]{escape(person['first_name'])}[/] {person['id']}: {duty}{state}", soft_wrap=True)
        console.print(f"   {person['hours']} ({', '.join(person['languages'])})", soft_wrap=True)
        for one in person["channels"]:
            marks = ", ".join(["wakes"] * one["can_wake"] + ["verified" if one["verified_at"] else "not verified"])
            console.print(f"   {one['id']}: {one['kind']} {escape(one['address'])} ({marks})", soft_wrap=True)
        for one in person["exceptions"]:
            console.print(f"   {one['id']}: {one['kind']} {one['first_day']} to {one['last_day']}", soft_wrap=True)
    hours = sum(gap.hours for gap in gaps)
    console.print(f"Hours of the next 14 days without anybody on duty who can be reached: {hours:.0f}")
    for gap in gaps[:10]:
        start, end = (moment.astimezone(clinic.zone) for moment in (gap.starts_at, gap.ends_at))
        console.print(f"  {start:%a %b %d %H:%M} – {end:%a %b %d %H:%M}")


@oncall.command()
def add(
    first_name: str,
    hours: Annotated[str, typer.Option(help='"always", or "mon-fri 17:00-08:00; sat,sun 00:00-24:00"')] = "always",
    language: Annotated[list[str] | None, typer.Option(help="en or es; repeatable")] = None,
    no_holidays: Annotated[bool, typer.Option("--no-holidays", help="Not on duty on the clinic's holidays")] = False,
    staff: Annotated[str | None, typer.Option(help="The staff id, so that who holds a chat is alerted first")] = None,
    as_json: AsJson = False,
) -> None:
    """Put somebody on the list, as the last one."""
    from clinic.clock import utc_now
    from clinic.handoff.oncall import add_person

    added = _within(
        lambda session: (
            add_person(
                session,
                first_name=first_name,
                hours=hours,
                languages=language or ["en"],
                works_holidays=not no_holidays,
                staff_id=staff,
                actor=ACTOR,
                now=utc_now(),
            ).id
        )
    )
    typer.echo(json.dumps({"person": added}) if as_json else f"Added as {added}. Next: lotus oncall channel {added} …")


@oncall.command()
def channel(
    person: str,
    kind: Annotated[str, typer.Argument(help="push, sms, call, email, chat, webhook or other")],
    address: Annotated[
        str, typer.Argument(help="env:NAME of a variable that holds the Apprise address, or - to type it")
    ],
    wakes: Annotated[bool, typer.Option("--wakes", help="It wakes a silenced phone")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a channel to a person. An address holds passwords and belongs in no shell history: use env:NAME or -."""
    from clinic.clock import utc_now
    from clinic.handoff.oncall import add_channel

    typed = typer.prompt("Apprise address", hide_input=True) if address == "-" else address
    added = _within(
        lambda session: (
            add_channel(
                session, person_id=person, kind=kind, address=typed, can_wake=wakes, actor=ACTOR, now=utc_now()
            ).id
        )
    )
    typer.echo(json.dumps({"channel": added}) if as_json else f"Added as {added}. Next: lotus oncall verify {added}")


@oncall.command()
def verify(
    channel: str,
    code: Annotated[str, typer.Option(help="The code that arrived; without it a test message is sent")] = "",
    as_json: AsJson = False,
) -> None:
    """Send a test message with a code; give the code that arrived to confirm the channel."""
    from clinic.clock import utc_now
    from clinic.handoff.alert_text import channel_test
    from clinic.handoff.channels import NotSent, send
    from clinic.handoff.oncall import begin_test, confirm_test

    if code:
        _within(lambda session: confirm_test(session, channel_id=channel, code=code, actor=ACTOR, now=utc_now()).id)
        typer.echo(json.dumps({"channel": channel, "verified": True}) if as_json else "Verified.")
        return
    address, secret = _within(lambda session: begin_test(session, channel_id=channel, actor=ACTOR, now=utc_now()))
    try:
        send(address, channel_test(secret))
    except NotSent as problem:
        errors.print(f"[red]The test message was not taken:[/] {problem.kind}")
        raise typer.Exit(1) from None
    said = f"Sent. Within 30 minutes: lotus oncall verify {channel} --code <the code that arrived>"
    typer.echo(json.dumps({"channel": channel, "sent": True}) if as_json else said)


@oncall.command()
def away(person: str, first_day: str, last_day: Annotated[str, typer.Argument()] = "") -> None:
    """Take a person out for some days (YYYY-MM-DD, the last one included)."""
    from clinic.clock import utc_now
    from clinic.handoff.oncall import add_exception

    try:
        first, last = date.fromisoformat(first_day), date.fromisoformat(last_day or first_day)
    except ValueError:
        errors.print("[red]A day is written as YYYY-MM-DD.[/]")
        raise typer.Exit(2) from None
    _within(
        lambda session: (
            add_exception(
                session, person_id=person, kind="away", first_day=first, last_day=last, actor=ACTOR, now=utc_now()
            ).id
        )
    )
    typer.echo("Noted.")


@oncall.command()
def remove(what: Annotated[str, typer.Argument(help="The id of a person, a channel or an exception")]) -> None:
    """Take a person, a channel or an exception off the list."""
    from clinic.clock import utc_now
    from clinic.handoff.oncall import remove_any

    _within(lambda session: remove_any(session, what=what, actor=ACTOR, now=utc_now()))
    typer.echo("Removed.")
