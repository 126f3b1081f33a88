"""`lotus`: one command for whoever runs the assistant. `lotus --help` lists what it can do."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.common import console, database, errors, settings, show
from cli.oncall import oncall
from cli.staff import staffing

# What a command alone needs is imported inside of it: `lotus serve` has to have `web` up quickly.
app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Lotus Guide")
evaluating = typer.Typer(no_args_is_help=True, help="Measure against a file of labelled messages")
app.add_typer(evaluating, name="evaluate")
screening = typer.Typer(no_args_is_help=True, help="Look into the crisis screen")
app.add_typer(screening, name="screen")
app.add_typer(oncall, name="oncall")
app.add_typer(staffing, name="staff")
keys = typer.Typer(no_args_is_help=True, help="The keys that names, phones and notes are encrypted with")
app.add_typer(keys, name="keys")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table")]
All = Annotated[bool, typer.Option("--all", help="Also what is closed")]


@app.command()
def serve(
    only: Annotated[
        list[str] | None, typer.Argument(help="web, rasa, actions or worker; all where none is named")
    ] = None,
) -> None:
    """Start all parts (training first where needed) and keep them running until Ctrl-C."""
    from cli.serve import serve as run
    from cli.train import is_trained

    made = settings()
    if unknown := set(only or []) - {"web", "rasa", "actions", "worker"}:
        errors.print(f"[red]There is no part named {', '.join(unknown)}:[/] web, rasa, actions, worker")
        raise typer.Exit(2)
    if not is_trained(made) and (not only or "rasa" in only):
        train(force=False)
    run(made, only or [])


@app.command()
def train(force: Annotated[bool, typer.Option(help="Train even if nothing has changed")] = False) -> None:
    """Train Rasa's model from data/ (about a minute on two cores)."""
    from cli.train import TrainingFailed, is_trained
    from cli.train import train as run

    made = settings()
    if is_trained(made) and not force:
        console.print("The model is up to date.")
        return
    try:
        console.print(f"Trained in {run(made):.0f} s.")
    except TrainingFailed:
        errors.print(
            "[red]Training failed.[/] Rasa's reason stands above; data/nlu, data/rules or domain.yml need mending."
        )
        raise typer.Exit(1) from None


@app.command()
def chat(url: Annotated[str, typer.Option(help="A running service")] = "") -> None:
    """Talk with the running assistant in the terminal, through the whole path."""
    from cli.chat import chat as run

    made = settings()
    run(url or f"http://{made.host}:{made.port}", console)


@app.command()
def escalations(as_json: AsJson = False, include_closed: All = False) -> None:
    """List what people have to look at, newest first."""
    from clinic.handoff.escalate import list_escalations

    with database(settings()).reading() as session:
        rows = list_escalations(session, include_closed=include_closed)
    show(rows, as_json=as_json, empty="No open escalation.")


@app.command()
def appointments(as_json: AsJson = False, include_closed: All = False) -> None:
    """List calls that were asked for, soonest due first."""
    from clinic.booking.listing import list_appointments
    from clinic.clock import utc_now

    with database(settings()).reading() as session:
        rows = list_appointments(session, now=utc_now(), include_closed=include_closed)
    show(rows, as_json=as_json, empty="No call is waiting.")


@app.command()
def insights(
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days back, today included")] = 30,
    examples_from: Annotated[
        int | None, typer.Option(min=1, help="Show wordings only of groups of so many conversations; 2 if not given")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show which questions had no answer, grouped, without anything that tells who asked."""
    from cli.insights import as_json as insights_as_json
    from cli.insights import show as show_insights
    from clinic.clock import utc_now
    from clinic.gaps import EXAMPLES_FROM
    from clinic.insights import report
    from clinic.masking import vocabulary

    made = settings()
    with database(made).reading() as session:
        found = report(
            session,
            days=days,
            zone=made.clinic.zone,
            known=vocabulary(),
            now=utc_now(),
            examples_from=examples_from or EXAMPLES_FROM,
        )
    if as_json:
        typer.echo(json.dumps(insights_as_json(found), ensure_ascii=False))
    else:
        show_insights(found, console, retention_days=made.clinic.retention_days)


@app.command()
def migrate() -> None:
    """Bring the database to the newest shape."""
    from clinic.migrate import migrate as run

    run(settings().database)
    console.print("The database is up to date.")


@app.command()
def purge() -> None:
    """Delete chats older than clinic.yml's retention_days (the worker does this every hour)."""
    from clinic.clock import utc_now
    from clinic.retention import purge_conversations, purge_tracker

    made = settings()
    with database(made).transaction() as session:
        chats = purge_conversations(session, retention_days=made.clinic.retention_days, now=utc_now())
    events = purge_tracker(made.tracker, retention_days=made.clinic.retention_days, now=utc_now())
    console.print(f"Deleted {chats} conversations and {events} of Rasa's events.")


@app.command()
def drill(
    severity: Annotated[str, typer.Option(help="concern, acute or imminent")] = "acute",
    ack: Annotated[bool, typer.Option("--ack", help="Wait until somebody has acknowledged it as well")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for each step")] = 60.0,
    url: Annotated[str, typer.Option(help="The running service")] = "",
    as_json: AsJson = False,
) -> None:
    """Run a marked test escalation through the real path: real alerts go out, each says that it is a drill."""
    from cli.drill import drill as run

    made = settings()
    found = run(made, url or f"http://{made.host}:{made.port}", severity=severity, ack=ack, seconds=wait)
    show(found.rows(), as_json=as_json, empty="")
    raise typer.Exit(0 if found.passed else 1)


@app.command()
def erase(reference: Annotated[str, typer.Argument(help="The call's reference, such as LC-ABC234")]) -> None:
    """Delete everything kept about a caller: the call, its notes and messages, and the chat it was asked for in."""
    from clinic.booking.book import By
    from clinic.booking.erase import erase_call
    from clinic.clock import utc_now
    from clinic.errors import NotFound
    from clinic.retention import forget_tracker

    made = settings()
    try:
        with database(made).transaction() as session:
            conversation = erase_call(session, reference, by=By("cli", "operator"), now=utc_now())
    except NotFound:
        errors.print("[red]There is no call with this reference.[/]")
        raise typer.Exit(1) from None
    if conversation:
        forget_tracker(made.tracker, conversation)
    chat = "and the chat it was asked for in" if conversation else "its chat was gone before, or staff still need it"
    console.print(f"Erased: the call, its notes and messages; {chat}.")


@keys.command("new")
def new_key() -> None:
    """Print a new key, for LOTUS_DATA_KEYS."""
    from cryptography.fernet import Fernet

    typer.echo(Fernet.generate_key().decode())


@keys.command("rotate")
def rotate_keys() -> None:
    """Encrypt everything with the newest key. Development's key file gets a new key first."""
    from clinic.crypto import add_key, keyring
    from clinic.rotation import encrypt_rows

    made = settings()
    ring = keyring()
    if ring.file and ring.keys:  # reading the keys makes the file where there is none
        add_key(ring.file)
    changed = encrypt_rows(database(made))
    where = ring.file or "LOTUS_DATA_KEYS"
    console.print(
        f"{changed} values are encrypted with the newest key. The others in {where} are needed for backups only."
    )


@app.command("stop-texts")
def stop_texts(phone: Annotated[str, typer.Argument(help="The number that wants no more texts")]) -> None:
    """End all consents to texts of a number that has answered STOP."""
    from clinic.booking.book import By
    from clinic.booking.texting import stop_texts as stop
    from clinic.clock import utc_now

    with database(settings()).transaction() as session:
        ended = stop(session, phone=phone, by=By("cli", "operator"), now=utc_now())
    console.print(f"Ended {ended} consents.")


@app.command()
def doctor() -> None:
    """Check what the assistant needs, and say how to mend what is missing."""
    from cli.doctor import examine

    raise typer.Exit(examine(settings(), console))


@evaluating.command("answers")
def evaluate_answers(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Ask every question of a TSV (question, topic, also_acceptable_topics) through the whole path."""
    from cli.evaluate_answers import evaluate

    typer.echo(json.dumps(evaluate(settings(), file, console)))


@evaluating.command("screen")
def evaluate_screen(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Let the crisis screen read every row of a TSV (text, label; optionally id, category)."""
    from cli.evaluate_screen import evaluate

    typer.echo(json.dumps(evaluate(file, console)))


@screening.command("false-alarms")
def screen_false_alarms(as_json: AsJson = False) -> None:
    """Print what staff closed as a false alarm, with visitors' words: for whoever may read chats, and nobody else."""
    from clinic.handoff.false_alarms import list_false_alarms

    with database(settings()).reading() as session:
        rows = list_false_alarms(session)
    show(rows, as_json=as_json, empty="No false alarm was reported.")


@screening.command("explain")
def screen_explain(
    text: Annotated[str, typer.Argument(help="The message; - reads it from standard input")],
    previous: Annotated[list[str] | None, typer.Option(help="An earlier message, oldest first; repeatable")] = None,
    lines: Annotated[
        bool, typer.Option("--lines", help="With -: each line is a message, the last one is explained")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what the crisis screen made of a message and why: spans, rules, exemptions, the trained net.

    A visitor's words belong in no shell history: use - and type or paste them. Nothing is stored or sent.
    """
    from cli.screen_explain import explanation_of, from_standard_input, show

    earlier = previous or []
    if text == "-":
        text, read_before = from_standard_input(lines=lines)
        earlier = [*earlier, *read_before]
    elif lines:
        errors.print("[red]--lines goes with -[/]: it says how to read standard input")
        raise typer.Exit(2)
    if not text.strip():
        errors.print("[red]There is no message to explain.[/]")
        raise typer.Exit(2)
    # A byte of the command line that is no UTF-8 arrives as a lone surrogate, which no terminal prints.
    text, *earlier = (one.encode("utf-8", "replace").decode() for one in (text, *earlier))
    found = explanation_of(text, earlier)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        show(found, console)


if __name__ == "__main__":
    app()
