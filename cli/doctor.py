"""`lotus doctor`: what is missing or about to be, and how to mend it. 0 where nothing stops the service."""

import shutil
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from cli.doctor_handoff import examine_handoff
from cli.train import ENGINE, is_trained
from clinic.booking.listing import count_overdue
from clinic.clock import utc_now
from clinic.db import Database
from clinic.handoff.playbook import playbook
from clinic.handoff.protocol import protocol
from clinic.library import library
from clinic.settings import Settings

FREE_MB = 500


class Finding(NamedTuple):
    level: str  # ok, warning, error
    what: str


def examine(settings: Settings, console: Console) -> int:
    marks = {"ok": "[green]ok[/]", "warning": "[yellow]warning[/]", "error": "[red]error[/]"}
    handoff = (Finding(*found) for found in examine_handoff(settings))
    findings = [*_machine(settings), *handoff, *_content(), *_calls(settings)]
    for finding in findings:
        console.print(f"{marks[finding.level]}  {finding.what}")
    return int(any(finding.level == "error" for finding in findings))


def _machine(settings: Settings) -> Iterator[Finding]:
    if ENGINE.exists():
        yield Finding("ok", "engine/.venv is there")
    else:
        yield Finding("error", "engine/.venv is missing: run `make setup`")
    if is_trained(settings):
        yield Finding("ok", "the model is trained on today's data")
    else:
        yield Finding("warning", "the model is missing or older than data/: run `lotus train`")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.data_dir).free // 1_000_000
    yield Finding("ok" if free > FREE_MB else "error", f"{free} MB free for {settings.data_dir}")


def _content() -> Iterator[Finding]:
    book, today = library(), date.today()  # noqa: DTZ011 a review date has no zone
    missing = [topic.id for topic in book.topics.values() if topic.kind == "answer" and topic.id not in book.answers]
    if missing:
        yield Finding("warning", f"topics without an answer: {', '.join(missing)}")
    late = [answer.topic for answer in book.answers.values() if answer.next_review < today]
    if late:
        yield Finding("warning", f"reviews that are due: {', '.join(late)}")
    for name, reviewed in (("protocol", protocol()), ("playbook", playbook())):
        if reviewed["next_review"] < today:
            yield Finding("warning", f"data/{name}.yml is due for review")
    waiting = sum(answer.awaits_review for answer in book.answers.values())
    if waiting:
        yield Finding("warning", f"{waiting} answers are awaiting clinician review")
    yield Finding("ok", f"{len(book.answers)} answers, {len(book.sources)} sources")


def _calls(settings: Settings) -> Iterator[Finding]:
    if settings.mode == "production" and settings.public_url.startswith("http://127."):
        yield Finding("error", "LOTUS_PUBLIC_URL is this machine's own address: links in emails and texts lead nowhere")
    if not settings.email_url.get_secret_value() and not settings.sms_url.get_secret_value():
        yield Finding("warning", "no reminders of calls are sent: LOTUS_EMAIL_URL and LOTUS_SMS_URL are empty")
    database = Database(settings.database)
    try:
        with database.reading() as session:
            overdue = count_overdue(session, now=utc_now())
    except SQLAlchemyError:
        return  # not migrated yet: there are no calls
    finally:
        database.close()
    if overdue:
        yield Finding("warning", f"{overdue} calls are overdue: see `lotus appointments`")
