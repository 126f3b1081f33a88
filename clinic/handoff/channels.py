"""Channels: Apprise addresses, or the name of a variable that holds one. An address is a secret and is never logged."""

import logging
import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import apprise

from clinic.errors import InvalidInput

# Apprise writes addresses and answers of servers into its own log lines.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
BY_VARIABLE = "env:"
VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{2,60}")


@dataclass(frozen=True)
class Text:
    """What goes out. Mail channels get `html` beside the plain text."""

    title: str
    body: str
    html: str


class NotSent(Exception):
    """A channel did not take a message. `kind`: not_accepted, misconfigured, or an exception's name."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def resolve(address: str) -> str:
    """The address itself; `env:NAME` is looked up in this process's environment. Raises NotSent."""
    if not address.startswith(BY_VARIABLE):
        return address
    found = os.environ.get(address.removeprefix(BY_VARIABLE), "")
    if not found:
        raise NotSent("misconfigured")
    return found


def check_address(address: str) -> None:
    """Raises InvalidInput("channel") for what Apprise does not understand; `env:NAME` need not be set yet."""
    if address.startswith(BY_VARIABLE):
        if not VARIABLE.fullmatch(address.removeprefix(BY_VARIABLE)):
            raise InvalidInput("channel")
    elif not apprise.Apprise.instantiate(address):
        raise InvalidInput("channel")


def masked(address: str) -> str:
    """What may be shown: the service and the host, or the variable's name."""
    if address.startswith(BY_VARIABLE):
        return address
    parts = urlsplit(address)
    # Of most services the host part is a token as well: only a mail or web server's name is shown.
    is_server = parts.scheme.rstrip("s") in ("mailto", "json", "xml", "form", "http", "ntfy", "gotify")
    return f"{parts.scheme}://{(parts.hostname or '…') if is_server else '…'}"


def send(address: str, text: Text) -> None:
    """Through one channel. Raises NotSent; returns only where the service took it."""
    channel = apprise.Apprise.instantiate(resolve(address))
    if not channel:
        raise NotSent("misconfigured")
    is_mail = channel.secure_protocol in ("mailtos", ("mailtos",))  # Apprise adds the plain text to a mail in HTML
    body, form = (text.html, apprise.NotifyFormat.HTML) if is_mail else (text.body, apprise.NotifyFormat.TEXT)
    try:
        taken = channel.notify(title=text.title, body=body, body_format=form)
    except Exception as problem:  # a channel's library may raise anything, its text may hold the address
        raise NotSent(type(problem).__name__) from None
    if not taken:
        raise NotSent("not_accepted")
