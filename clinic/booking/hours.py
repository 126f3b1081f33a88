"""Who calls and when, as admins change it in the console: weeks, other hours on single days, holidays. All audited.

Hours are local to the clinic. What `clinic.yml` says of providers counts until the console has changed it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from clinic import audit
from clinic.booking.calendar import Slot, ensure_providers, holiday_name, read_calendar
from clinic.booking.models import HoursException, Provider
from clinic.errors import InvalidInput, NotFound
from clinic.models import Appointment, AppointmentState
from clinic.settings import ClinicInfo, Weekday

LONGEST_NAME = 80


@dataclass(frozen=True)
class DayException:
    """Other hours on one local day; no ranges: no calls. `provider_id` None: for everybody."""

    day: date
    provider_id: str | None
    ranges: list[tuple[time, time]]


def providers(session: Session, *, clinic: ClinicInfo) -> list[Provider]:
    """All providers, those of clinic.yml stored first. Needs a writing session."""
    ensure_providers(session, clinic)
    return list(session.scalars(select(Provider).order_by(Provider.id)))


def ranges_of(provider: Provider, day: str) -> list[tuple[time, time]]:
    """A provider's usual hours on a weekday."""
    return [(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in provider.hours.get(day, [])]


def set_hours(
    session: Session,
    provider_id: str,
    hours: dict[Weekday, list[tuple[time, time]]],
    *,
    actor: str,
    clinic: ClinicInfo,
    now: datetime,
    is_active: bool = True,
    name: str | None = None,
) -> Provider:
    """Replace a provider's week (local times). Calls that are booked already stay; `affected` lists them.

    Raises NotFound, or InvalidInput: hours_order where an end is not after its start or two ranges overlap or touch,
    provider_name where the new name is empty or long.
    """
    ensure_providers(session, clinic)
    provider = session.get(Provider, provider_id)
    if provider is None:
        raise NotFound("provider")
    for ranges in hours.values():
        _check_order(ranges)
    provider.hours = {day: [[f"{a:%H:%M}", f"{b:%H:%M}"] for a, b in sorted(hours[day])] for day in hours}  # type: ignore[misc]
    provider.is_active = is_active
    if name is not None:
        provider.name = _checked_name(name)
    audit.record(
        session, "console:provider:hours", actor=actor, subject_id=provider_id, now=now,
        details={"hours": provider.hours, "is_active": is_active},
    )  # fmt: skip
    return provider


def add_provider(session: Session, name: str, *, actor: str, clinic: ClinicInfo, now: datetime) -> Provider:
    """Somebody more who calls, without hours at first. Raises InvalidInput("provider_name")."""
    ensure_providers(session, clinic)
    wanted = _checked_name(name)
    known = set(session.scalars(select(Provider.id)))
    slug = re.sub(r"[^a-z0-9]+", "-", wanted.casefold()).strip("-")[:24] or "aprn"
    free = (one for one in [slug, *(f"{slug}-{number}" for number in range(2, len(known) + 3))] if one not in known)
    provider = Provider(id=next(free), name=wanted, is_active=True, hours={})
    session.add(provider)
    audit.record(session, "console:provider:add", actor=actor, subject_id=provider.id, now=now)
    return provider


def set_exception(
    session: Session,
    day: date,
    ranges: Iterable[tuple[time, time]],
    *,
    provider_id: str | None,
    actor: str,
    clinic: ClinicInfo,
    now: datetime,
) -> None:
    """Other hours on one local day, for one provider or for all (None); no ranges: nobody calls. Opens holidays too.

    Raises NotFound, or InvalidInput with hours_order or day_past.
    """
    ensure_providers(session, clinic)
    if provider_id is not None and session.get(Provider, provider_id) is None:
        raise NotFound("provider")
    if day < now.astimezone(clinic.zone).date():
        raise InvalidInput("day_past")
    kept = sorted(ranges)
    _check_order(kept)
    _clear(session, day, provider_id)
    session.add_all(
        HoursException(provider_id=provider_id, day=day, opens_local=opens, closes_local=closes)
        for opens, closes in kept or [(None, None)]
    )
    _audit_day(session, "exception", day, provider_id, actor, now, [f"{a:%H:%M}-{b:%H:%M}" for a, b in kept])


def clear_exception(session: Session, day: date, *, provider_id: str | None, actor: str, now: datetime) -> None:
    """The usual hours again on that day."""
    _clear(session, day, provider_id)
    _audit_day(session, "exception_cleared", day, provider_id, actor, now, [])


def exceptions(session: Session, *, clinic: ClinicInfo, now: datetime) -> list[DayException]:
    """Days with other hours, from today on."""
    today = now.astimezone(clinic.zone).date()
    query = select(HoursException).where(HoursException.day >= today)
    found: dict[tuple[date, str | None], list[tuple[time, time]]] = {}
    for one in session.scalars(query.order_by(HoursException.day, HoursException.provider_id, HoursException.id)):
        ranges = found.setdefault((one.day, one.provider_id), [])
        if one.opens_local and one.closes_local:
            ranges.append((one.opens_local, one.closes_local))
    return [DayException(day, provider, sorted(ranges)) for (day, provider), ranges in found.items()]


def coming_holidays(*, clinic: ClinicInfo, now: datetime, days: int) -> list[tuple[date, str]]:
    """The holidays of the next local days, on which nobody calls unless an exception says so."""
    today = now.astimezone(clinic.zone).date()
    ahead = (today + timedelta(days=number) for number in range(days))
    return [(day, name) for day in ahead if (name := holiday_name(day, clinic.booking.holidays))]


def provider_names(session: Session, *, clinic: ClinicInfo) -> dict[str, str]:
    """Names by id, also of those who call no more."""
    stored = {one.id: one.name for one in session.scalars(select(Provider).order_by(Provider.id))}
    return stored or {one.id: one.name for one in clinic.booking.providers}


def affected(session: Session, *, clinic: ClinicInfo, now: datetime) -> list[Appointment]:
    """Confirmed calls that lie outside of the hours as they are now, for staff to move after a change of hours."""
    calendar = read_calendar(session, clinic=clinic, now=now)
    query = select(Appointment).where(Appointment.state == AppointmentState.confirmed, Appointment.starts_at > now)
    return [
        one
        for one in session.scalars(query.order_by(Appointment.starts_at))
        if one.starts_at and one.ends_at and not calendar.offers(Slot(one.starts_at, one.ends_at, one.provider or ""))
    ]


def _checked_name(name: str) -> str:
    wanted = " ".join(name.split())
    if not 0 < len(wanted) <= LONGEST_NAME:
        raise InvalidInput("provider_name")
    return wanted


def _check_order(ranges: Iterable[tuple[time, time]]) -> None:
    edges = [moment for opens, closes in sorted(ranges) for moment in (opens, closes)]
    if edges != sorted(set(edges)):
        raise InvalidInput("hours_order")


def _clear(session: Session, day: date, provider_id: str | None) -> None:
    same = HoursException.provider_id.is_(None) if provider_id is None else HoursException.provider_id == provider_id
    session.execute(delete(HoursException).where(HoursException.day == day, same))


def _audit_day(
    session: Session, action: str, day: date, provider_id: str | None, actor: str, now: datetime, hours: list[str]
) -> None:
    audit.record(
        session,
        f"console:provider:{action}",
        actor=actor,
        subject_id=provider_id or "all",
        now=now,
        details={"day": day.isoformat(), "hours": hours},
    )
