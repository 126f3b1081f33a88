"""What `lotus staff` does: accounts from the machine itself; the first admin has to come from somewhere."""

import json
import sys

import typer
from rich.console import Console

from clinic.clock import utc_now
from clinic.db import Database
from clinic.errors import ClinicError, Conflict, InvalidInput
from clinic.settings import Settings
from clinic.staff import accounts
from clinic.staff.accounts import COMMAND_LINE, Profile
from clinic.staff.models import Staff, StaffRole
from clinic.staff.passwords import Passwords, check_new_password, new_password
from clinic.staff.words import console_words

console, errors = Console(), Console(stderr=True)


def add(
    database: Database,
    settings: Settings,
    email: str,
    first_name: str,
    title: str,
    admin: bool,
    crisis_trained: bool,
    *,
    generate: bool,
    as_json: bool,
) -> None:
    role = StaffRole.admin if admin else StaffRole.staff
    try:
        profile = Profile(email, first_name, title, role, crisis_trained).checked()
        password = _password(profile.email, profile.first_name, generate=generate)
        with database.transaction() as session:
            staff = accounts.add_staff(
                session,
                profile=profile,
                password=password,
                passwords=Passwords(memory_kib=settings.password_memory_kib),
                must_change_password=generate,
                by=COMMAND_LINE,
                now=utc_now(),
            )
            row = accounts.as_row(staff)
    except InvalidInput as problem:
        raise _ended(problem) from problem
    if as_json:
        typer.echo(json.dumps(row | ({"password": password} if generate else {})))
        return
    console.print(f"{row['email']} may sign in at /console.")
    _show_once(password, generate)


def reset(database: Database, settings: Settings, email: str, *, generate: bool, totp: bool) -> None:
    staff = _find(database, email)
    try:
        password = _password(staff.email, staff.first_name, generate=generate)
        with database.transaction() as session:
            accounts.reset_password(
                session,
                staff_id=staff.id,
                password=password,
                passwords=Passwords(memory_kib=settings.password_memory_kib),
                by=COMMAND_LINE,
                now=utc_now(),
            )
            if totp:
                accounts.reset_totp(session, staff_id=staff.id, by=COMMAND_LINE, now=utc_now())
    except InvalidInput as problem:
        raise _ended(problem) from problem
    console.print(f"{staff.email} has another password and is signed out everywhere.")
    _show_once(password, generate)


def deactivate(database: Database, email: str) -> None:
    staff = _find(database, email)
    try:
        with database.transaction() as session:
            accounts.deactivate_staff(session, staff_id=staff.id, by=COMMAND_LINE, now=utc_now())
    except Conflict as problem:
        raise _ended(problem) from problem
    console.print(f"{staff.email} can no longer sign in.")


def _find(database: Database, email: str) -> Staff:
    with database.reading() as session:
        staff = accounts.find_staff(session, email=email)
    if staff is None:
        errors.print("[red]There is no such account.[/] `lotus staff list --all` names them.")
        raise typer.Exit(1)
    return staff


def _password(email: str, first_name: str, *, generate: bool) -> str:
    if generate:
        return new_password()
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    while True:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        try:
            check_new_password(password, email=email, first_name=first_name)
            return password
        except InvalidInput as problem:
            errors.print(_words(problem))


def _show_once(password: str, generated: bool) -> None:
    if generated:
        console.print("Password, shown only now, to be changed at the first sign-in:")
        console.print(f"  {password}", style="bold", highlight=False)


def _words(problem: ClinicError) -> str:
    return console_words()["errors"].get(str(problem), str(problem))


def _ended(problem: ClinicError) -> typer.Exit:
    errors.print(f"[red]{_words(problem)}[/]")
    return typer.Exit(1)
