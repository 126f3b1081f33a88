"""What may be said of the clinic's staff at this moment: whether anybody can be alerted now, and whether it is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic.booking.words import clock
from clinic.handoff.oncall import is_anybody_reachable
from clinic.handoff.protocol import People, protocol
from clinic.opening import is_open, next_opening
from clinic.settings import ClinicInfo


@dataclass(frozen=True)
class Reach:
    """`closed_until`: when the clinic opens next, in words; empty while it is open."""

    people: People
    closed_until: str = ""


def reach(
    session: Session,
    *,
    clinic: ClinicInfo,
    alert_urls: Sequence[str],
    severity: str,
    now: datetime,
    language: str = "en",
) -> Reach:
    """For an escalation of this severity that is stored in the same transaction."""
    opens = next_opening(clinic, now)
    closed_until = "" if opens is None or is_open(clinic, now) else opening_in_words(opens, clinic, language)
    if not is_anybody_reachable(session, alert_urls=alert_urls):
        return Reach(People.queued, closed_until)
    if closed_until and clinic.paging.of(severity).waits_for_opening:
        return Reach(People.waiting, closed_until)
    return Reach(People.trying, closed_until)


def opening_in_words(opens: datetime, clinic: ClinicInfo, language: str = "en") -> str:
    """on Monday at 9:00 AM"""
    said, local = protocol()["opens"][language], opens.astimezone(clinic.zone)
    return said["at"].format(weekday=said["weekdays"][local.weekday()], time=clock(local))
