"""Whether staff can be reached at all: what `lotus doctor` says, and what refuses to start in production mode."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic.clock import utc_now
from clinic.db import Database
from clinic.errors import InvalidInput
from clinic.handoff.channels import NotSent, check_address, resolve
from clinic.handoff.oncall import Listed, list_oncall, uncovered_hours
from clinic.settings import Settings


@dataclass(frozen=True)
class Fitness:
    """`stops`: reasons not to start in production mode; `warns`: what should be mended. Keys, with an id or a count."""

    stops: Sequence[str]
    warns: Sequence[str]


def oncall_fitness(session: Session, *, settings: Settings, now: datetime) -> Fitness:
    listed = [one for one in list_oncall(session) if one.person.is_active]
    stops = [*_list_stops(listed)]
    warns = [f"channel_unverified {c.id}" for one in listed for c in one.channels if c.verified_at is None]
    for one in listed:
        for channel in one.channels:
            if problem := _misconfigured(channel.address):
                stops.append(f"channel_{problem} {channel.id}")
    for number, url in enumerate(settings.alert_urls, 1):
        if problem := _misconfigured(url):
            stops.append(f"channel_{problem} LOTUS_ALERT_URLS entry {number}")
    gaps = uncovered_hours(session, clinic=settings.clinic, now=now)
    if gaps:
        warns.append(f"uncovered_hours {sum(gap.hours for gap in gaps):.0f}")
    return Fitness(stops, warns)


def unfit_for_production(settings: Settings) -> list[str]:
    """Why this service must not start in production mode; empty in any other. The database has to be migrated."""
    if settings.mode != "production":
        return []
    database = Database(settings.database)
    try:
        with database.reading() as session:
            return list(oncall_fitness(session, settings=settings, now=utc_now()).stops)
    finally:
        database.close()


def _list_stops(listed: Sequence[Listed]) -> list[str]:
    if not any(one.channels for one in listed):
        return ["oncall_list_empty"]
    if not any(one.is_verified for one in listed):
        return ["oncall_list_unverified"]
    if not any(channel.can_wake and channel.verified_at for one in listed for channel in one.channels):
        return ["no_verified_channel_can_wake"]
    return []


def _misconfigured(address: str) -> str | None:
    try:
        check_address(resolve(address))
    except NotSent:
        return "variable_missing"
    except InvalidInput:
        return "not_understood"
    return None
