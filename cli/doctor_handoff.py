"""The doctor's look at the handoff: database, clock, on-call list, every channel's server. Pages nobody."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import apprise
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from clinic.clock import utc_now
from clinic.db import Database
from clinic.handoff.channels import NotSent, masked, resolve
from clinic.handoff.figures import handoff_figures
from clinic.handoff.fitness import Fitness, oncall_fitness
from clinic.handoff.oncall import list_oncall
from clinic.migrate import is_current
from clinic.settings import Settings

MOST_SKEW = 5.0  # seconds; a token or an acknowledgement compares times of several machines
CONNECT_SECONDS = 4.0
# Where a service has no server in its address, Apprise's plugin knows it.
PLUGIN_URLS = ("notify_url", "api_url", "service_url")
SAYS = {
    "oncall_list_empty": "nobody is on the on-call list: `lotus oncall add`",
    "oncall_list_unverified": "no channel of the on-call list is verified: `lotus oncall verify`",
    "no_verified_channel_can_wake": "no verified channel wakes a silenced phone: `lotus oncall channel --wakes`",
    "channel_unverified": "channel not verified",
    "channel_variable_missing": "the variable that holds the address is not set",
    "channel_not_understood": "an address that Apprise does not understand",
    "uncovered_hours": "hours of the next 14 days without anybody who can be reached (`lotus oncall list`)",
}


def examine_handoff(settings: Settings) -> Iterator[tuple[str, str]]:
    """(level, sentence) for each finding."""
    database = Database(settings.database)
    try:
        try:
            if not is_current(database.engine, settings.database):
                yield "warning", "there is no database yet, or it is older than the program: `lotus migrate`"
                yield from _servers(settings, [])
                return
            yield from _database(database)
            with database.reading() as session:
                fitness = oncall_fitness(session, settings=settings, now=utc_now())
                channels = [(channel.id, channel.address) for one in list_oncall(session) for channel in one.channels]
        except SQLAlchemyError as problem:
            yield "error", f"the database cannot be read ({type(problem).__name__})"
            return
        yield from _fitness(fitness, is_production=settings.mode == "production")
        yield from _servers(settings, channels)
        if not settings.heartbeat_url:
            yield "warning", "nobody hears of it when the worker stops: LOTUS_HEARTBEAT_URL is empty"
    finally:
        database.close()


def _servers(settings: Settings, channels: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    named = [(f"LOTUS_ALERT_URLS entry {n}", url) for n, url in enumerate(settings.alert_urls, 1)]
    for name, address in [*channels, *named]:
        yield _reachable(name, address)
    if not channels and not named:
        yield (
            "warning",
            "nobody is alerted: `lotus oncall add` or LOTUS_ALERT_URLS; until then staff see `lotus escalations` only",
        )


def _database(database: Database) -> Iterator[tuple[str, str]]:
    with database.transaction() as session:
        session.execute(text("UPDATE conversations SET epoch = epoch WHERE id = ''"))
    yield "ok", "the database can be read and written"
    with database.reading() as session:
        said = session.scalar(text("SELECT CURRENT_TIMESTAMP"))
        figures = handoff_figures(session, now=utc_now())
    theirs = said if isinstance(said, datetime) else datetime.fromisoformat(str(said))
    skew = abs((utc_now() - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))).total_seconds())
    yield "ok" if skew <= MOST_SKEW else "error", f"the clock differs from the database's by {skew:.0f} s"
    if figures.failing:
        yield "error", f"{figures.failing} alerts are tried and not taken by any channel"


def _fitness(fitness: Fitness, *, is_production: bool) -> Iterator[tuple[str, str]]:
    for key in fitness.stops:
        yield "error" if is_production else "warning", _say(key)
    for key in fitness.warns:
        yield "warning", _say(key)
    if not fitness.stops:
        yield "ok", "somebody can be alerted"


def _say(key: str) -> str:
    name, _, rest = key.partition(" ")
    return f"{SAYS[name]}{rest and f' ({rest})'}"


def _reachable(name: str, address: str) -> tuple[str, str]:
    """Whether the channel's server takes a connection. Nothing is sent, and no password is tried."""
    try:
        host, port = _server(resolve(address))
    except NotSent:
        return "error", f"channel {name}: the address is missing"
    if not host:
        return "warning", f"channel {name} ({masked(address)}): its server is not known; send a test message"
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as problem:
        return "error", f"channel {name} ({masked(address)}): no connection ({type(problem).__name__})"
    return "ok", f"channel {name} ({masked(address)}): its server answers"


def _server(address: str) -> tuple[str | None, int]:
    plugin = apprise.Apprise.instantiate(address)
    if not plugin:
        return None, 0
    if host := getattr(plugin, "smtp_host", None):
        return host, plugin.port or 25
    known = [url for name in PLUGIN_URLS if isinstance(url := getattr(plugin, name, None), str)]
    if known and (parts := urlsplit(known[0])).hostname:
        return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    is_web = address.split(":", 1)[0].rstrip("s") in ("json", "xml", "form", "ntfy", "gotify")
    return (plugin.host, plugin.port or (443 if plugin.secure else 80)) if is_web else (None, 0)
