"""The on-call list: who is alerted, through which channels, in which order; in the caller's session.

`actor` is the staff id of who changed it, or `terminal`. Audit entries hold ids, never a channel's address.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clinic.audit import record
from clinic.errors import InvalidInput, NotFound
from clinic.handoff import duty
from clinic.handoff.channels import check_address, masked
from clinic.handoff.models import ExceptionKind, OncallChannel, OncallException, OncallPerson
from clinic.handoff.plan import Contact
from clinic.opening import is_open
from clinic.settings import ClinicInfo

CODE_VALID = timedelta(minutes=30)
KINDS = ("push", "sms", "call", "email", "chat", "webhook", "other")


@dataclass(frozen=True)
class Listed:
    """A person with their channels and exceptions, in the order in which they are used."""

    person: OncallPerson
    channels: Sequence[OncallChannel]
    exceptions: Sequence[OncallException]

    @property
    def is_verified(self) -> bool:
        return any(channel.verified_at for channel in self.channels)


@dataclass(frozen=True)
class Roster:
    """Who may be alerted at one moment, and the channels' addresses (secrets) by id."""

    contacts: tuple[Contact, ...]
    addresses: dict[str, str]

    def person_of(self, channel_id: str) -> str | None:
        return next((contact.person_id for contact in self.contacts if channel_id in contact.channels), None)


def list_oncall(session: Session) -> list[Listed]:
    people = session.scalars(select(OncallPerson).order_by(OncallPerson.position, OncallPerson.created_at)).all()
    channels = session.scalars(select(OncallChannel).order_by(OncallChannel.position, OncallChannel.id)).all()
    exceptions = session.scalars(select(OncallException).order_by(OncallException.first_day)).all()
    return [
        Listed(
            person,
            [channel for channel in channels if channel.person_id == person.id],
            [one for one in exceptions if one.person_id == person.id],
        )
        for person in people
    ]


def add_person(
    session: Session,
    *,
    first_name: str,
    hours: str = "always",
    languages: Sequence[str] = ("en",),
    staff_id: str | None = None,
    works_holidays: bool = True,
    actor: str,
    now: datetime,
) -> OncallPerson:
    """At the end of the list. `hours`: see duty.read_hours. Raises InvalidInput."""
    name = first_name.strip()
    if not name or len(name) > 80:
        raise InvalidInput("first_name")
    last = session.scalar(select(func.max(OncallPerson.position)))
    person = OncallPerson(
        id=secrets.token_urlsafe(9),
        first_name=name,
        staff_id=staff_id,
        position=0 if last is None else last + 1,
        languages=_languages(languages),
        weekly_hours=duty.read_hours(hours),
        works_holidays=works_holidays,
        is_active=True,
        created_at=now,
    )
    session.add(person)
    session.flush()
    record(session, "console:oncall:add", actor=actor, subject_id=person.id, now=now)
    return person


def change_person(
    session: Session,
    *,
    person_id: str,
    actor: str,
    now: datetime,
    first_name: str | None = None,
    hours: str | None = None,
    languages: Sequence[str] | None = None,
    works_holidays: bool | None = None,
    is_active: bool | None = None,
    staff_id: str | None = None,
) -> OncallPerson:
    """What is None stays as it is."""
    person = _person(session, person_id)
    if first_name is not None:
        if not first_name.strip():
            raise InvalidInput("first_name")
        person.first_name = first_name.strip()[:80]
    if hours is not None:
        person.weekly_hours = duty.read_hours(hours)
    if languages is not None:
        person.languages = _languages(languages)
    if works_holidays is not None:
        person.works_holidays = works_holidays
    if is_active is not None:
        person.is_active = is_active
    if staff_id is not None:
        person.staff_id = staff_id
    record(session, "console:oncall:change", actor=actor, subject_id=person.id, now=now)
    return person


def reorder(session: Session, *, person_ids: Sequence[str], actor: str, now: datetime) -> None:
    """The people in this order; who is not named comes after them, in the order of before."""
    known = [listed.person for listed in list_oncall(session)]
    order = {person_id: number for number, person_id in enumerate(person_ids)}
    for number, person in enumerate(sorted(known, key=lambda one: order.get(one.id, len(order)))):
        person.position = number
    record(session, "console:oncall:reorder", actor=actor, subject_id="list", now=now)


def remove_person(session: Session, *, person_id: str, actor: str, now: datetime) -> None:
    """With all their channels; links in alerts they already have stop working."""
    session.delete(_person(session, person_id))
    record(session, "console:oncall:remove", actor=actor, subject_id=person_id, now=now)


def add_channel(
    session: Session, *, person_id: str, kind: str, address: str, can_wake: bool, actor: str, now: datetime
) -> OncallChannel:
    """As the person's last one, not verified yet. Raises InvalidInput for an address Apprise does not understand."""
    person = _person(session, person_id)
    if kind not in KINDS:
        raise InvalidInput("channel_kind")
    address = address.strip()
    check_address(address)
    last = session.scalar(select(func.max(OncallChannel.position)).where(OncallChannel.person_id == person.id))
    channel = OncallChannel(
        id=secrets.token_urlsafe(9),
        person_id=person.id,
        kind=kind,
        address=address,
        can_wake=can_wake,
        position=0 if last is None else last + 1,
    )
    session.add(channel)
    session.flush()
    details = {"person": person.id, "kind": kind}
    record(session, "console:channel:add", actor=actor, subject_id=channel.id, now=now, details=details)
    return channel


def remove_channel(session: Session, *, channel_id: str, actor: str, now: datetime) -> None:
    session.delete(_channel(session, channel_id))
    record(session, "console:channel:remove", actor=actor, subject_id=channel_id, now=now)


def begin_test(session: Session, *, channel_id: str, actor: str, now: datetime) -> tuple[str, str]:
    """The channel's address and a code to send there (alert_text.channel_test); the code counts for 30 minutes."""
    channel = _channel(session, channel_id)
    code = f"{secrets.randbelow(1_000_000):06}"
    channel.code_hash, channel.tested_at = _hash(channel.id, code), now
    record(session, "console:channel:test", actor=actor, subject_id=channel_id, now=now)
    return channel.address, code


def confirm_test(session: Session, *, channel_id: str, code: str, actor: str, now: datetime) -> OncallChannel:
    """Verified: somebody has read the code on the device. Raises InvalidInput("code") for a wrong or old one."""
    channel = _channel(session, channel_id)
    is_fresh = channel.tested_at is not None and now - channel.tested_at <= CODE_VALID
    if not (is_fresh and channel.code_hash == _hash(channel.id, code.strip())):
        raise InvalidInput("code")
    channel.code_hash, channel.verified_at = None, now
    record(session, "console:channel:verify", actor=actor, subject_id=channel_id, now=now)
    return channel


def add_exception(
    session: Session,
    *,
    person_id: str,
    kind: str,
    first_day: date,
    last_day: date,
    starts: int = 0,
    ends: int = duty.DAY_ENDS,
    actor: str,
    now: datetime,
) -> OncallException:
    """Days away, or extra hours on call (`starts`, `ends`: minutes since midnight). Raises InvalidInput."""
    person = _person(session, person_id)
    if kind not in list(ExceptionKind) or last_day < first_day or not 0 <= starts < ends <= duty.DAY_ENDS:
        raise InvalidInput("exception")
    added = OncallException(
        id=secrets.token_urlsafe(9),
        person_id=person.id,
        kind=kind,
        first_day=first_day,
        last_day=last_day,
        starts=starts,
        ends=ends,
    )
    session.add(added)
    session.flush()
    record(session, "console:oncall:exception", actor=actor, subject_id=person.id, now=now)
    return added


def remove_exception(session: Session, *, exception_id: str, actor: str, now: datetime) -> None:
    found = session.get(OncallException, exception_id)
    if found is None:
        raise NotFound("exception")
    session.delete(found)
    record(session, "console:oncall:exception", actor=actor, subject_id=found.person_id, now=now)


def remove_any(session: Session, *, what: str, actor: str, now: datetime) -> None:
    """Whatever has this id: a person, a channel or an exception. Raises NotFound."""
    if session.get(OncallChannel, what):
        remove_channel(session, channel_id=what, actor=actor, now=now)
    elif session.get(OncallException, what):
        remove_exception(session, exception_id=what, actor=actor, now=now)
    else:
        remove_person(session, person_id=what, actor=actor, now=now)


def uncovered_hours(session: Session, *, clinic: ClinicInfo, now: datetime, days: int = 14) -> list[duty.Gap]:
    """When in the next days nobody with a verified channel is on duty."""
    people = [(one.person, one.exceptions) for one in list_oncall(session) if one.is_verified]
    return duty.uncovered(people, clinic=clinic, now=now, days=days)


def is_anybody_reachable(session: Session, *, alert_urls: Sequence[str]) -> bool:
    """Whether there is a channel at all, verified or not: what `trying to reach` may be said for."""
    if alert_urls:
        return True
    query = select(OncallChannel.id).join(OncallPerson, OncallPerson.id == OncallChannel.person_id)
    return session.scalar(query.where(OncallPerson.is_active).limit(1)) is not None


def roster(session: Session, *, clinic: ClinicInfo, alert_urls: Sequence[str], now: datetime) -> Roster:
    """Everybody who is active, with who is on duty now; LOTUS_ALERT_URLS last, and first where the list is empty.

    Outside of the opening hours a person's channels that wake a silenced phone come before the others.
    """
    asleep = not is_open(clinic, now)
    contacts: list[Contact] = []
    addresses: dict[str, str] = {}
    for listed in list_oncall(session):
        if not (listed.person.is_active and listed.channels):
            continue
        channels = sorted(listed.channels, key=lambda one: asleep and not one.can_wake)
        addresses |= {channel.id: channel.address for channel in channels}
        contacts.append(
            Contact(
                listed.person.id,
                tuple(channel.id for channel in channels),
                on_duty=duty.is_on_duty(listed.person, listed.exceptions, clinic=clinic, now=now),
                languages=tuple(listed.person.languages),
            )
        )
    if alert_urls:
        named = {f"url:{number}": url for number, url in enumerate(alert_urls, 1)}
        contacts.append(Contact(None, tuple(named), on_duty=not contacts, languages=("en", "es"), together=True))
        addresses |= named
    return Roster(tuple(contacts), addresses)


def as_plain(listed: Listed, *, clinic: ClinicInfo, now: datetime) -> dict[str, object]:
    """For `lotus oncall list --json` and the console: addresses masked."""
    return {
        "id": listed.person.id,
        "first_name": listed.person.first_name,
        "position": listed.person.position,
        "is_active": listed.person.is_active,
        "on_duty": duty.is_on_duty(listed.person, listed.exceptions, clinic=clinic, now=now),
        "languages": listed.person.languages,
        "hours": duty.hours_in_words(listed.person.weekly_hours),
        "works_holidays": listed.person.works_holidays,
        "channels": [
            {
                "id": channel.id,
                "kind": channel.kind,
                "address": masked(channel.address),
                "can_wake": channel.can_wake,
                "verified_at": channel.verified_at and channel.verified_at.isoformat(),
            }
            for channel in listed.channels
        ],
        "exceptions": [
            {"id": one.id, "kind": one.kind, "first_day": str(one.first_day), "last_day": str(one.last_day)}
            for one in listed.exceptions
        ],
    }


def _person(session: Session, person_id: str) -> OncallPerson:
    person = session.get(OncallPerson, person_id)
    if person is None:
        raise NotFound("person")
    return person


def _channel(session: Session, channel_id: str) -> OncallChannel:
    channel = session.get(OncallChannel, channel_id)
    if channel is None:
        raise NotFound("channel")
    return channel


def _languages(languages: Sequence[str]) -> list[str]:
    chosen = sorted(set(languages))
    if not chosen or set(chosen) - {"en", "es"}:
        raise InvalidInput("language")
    return chosen


def _hash(channel_id: str, code: str) -> str:
    return hashlib.sha256(f"{channel_id}:{code}".encode()).hexdigest()
