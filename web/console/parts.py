"""What the console holds while it runs: made once, at start."""

from dataclasses import dataclass
from datetime import timedelta

from fastapi import Request

from clinic.settings import Settings
from clinic.staff.passwords import Passwords
from clinic.staff.sessions import Lifetimes
from clinic.staff.totp import Vault
from web.console.live import QueueHub
from web.context import Context


@dataclass(frozen=True)
class ConsoleParts:
    passwords: Passwords
    vault: Vault
    lifetimes: Lifetimes
    hub: QueueHub
    needs_code: bool


def make_parts(settings: Settings, context: Context) -> ConsoleParts:
    return ConsoleParts(
        passwords=Passwords(memory_kib=settings.password_memory_kib),
        vault=Vault(settings.secret_key),
        lifetimes=Lifetimes(
            idle=timedelta(minutes=settings.console_idle_minutes), absolute=timedelta(hours=settings.console_hours)
        ),
        hub=QueueHub(context.database),
        needs_code=settings.mode == "production",
    )


def parts_of(request: Request) -> ConsoleParts:
    return request.app.state.console


def context_of(request: Request) -> Context:
    return request.app.state.context
