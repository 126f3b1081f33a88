"""Who is alerted when: a pure function of the list, what was tried, the policy and the time.

First the first person on duty, on their first channel; without an acknowledgement their next channel, then the next
person, at last everyone on every channel, again and again. A channel that fails is passed over at once and tried again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic.handoff.models import AttemptOutcome
from clinic.handoff.policy import PagingPolicy

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=10), timedelta(minutes=5)
STALE = timedelta(seconds=60)  # whoever was sending is dead: the message may not have gone out
SLOW = timedelta(seconds=8)  # a channel that takes longer is passed over, so that somebody is alerted within 10 s
BUSY = timedelta(seconds=2)
NOBODY_TO_ALERT = timedelta(minutes=1)  # how often an empty list is looked at again


@dataclass(frozen=True)
class Contact:
    """A person, or the channels of LOTUS_ALERT_URLS (`together`: all of them are one step)."""

    person_id: str | None
    channels: tuple[str, ...]
    on_duty: bool = True
    languages: tuple[str, ...] = ("en",)
    together: bool = False


@dataclass(frozen=True)
class Tried:
    channel_id: str
    outcome: str
    started_at: datetime
    finished_at: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """`send`: channels to use now. `next_at`: when to look again. `reached`: something went out.

    `exhausted`: everyone was tried, and every channel fails at the moment; the trying goes on.
    """

    send: tuple[str, ...]
    next_at: datetime
    reached: bool = False
    exhausted: bool = False


def make_plan(
    contacts: Sequence[Contact],
    tried: Sequence[Tried],
    *,
    policy: PagingPolicy,
    started_at: datetime,
    now: datetime,
    language: str = "en",
    first: str | None = None,
    busy: Mapping[str, datetime] | None = None,
) -> Plan:
    """`first`: a person who comes first whoever is on duty. `busy`: channels that are sending, and since when."""
    steps = _steps(contacts, language=language, first=first)
    if not steps:
        return Plan((), now + NOBODY_TO_ALERT)
    by_channel = _by_channel(tried)
    waiting = {channel for channel, since in (busy or {}).items() if now - since >= SLOW}
    failing = {channel for channel, done in by_channel.items() if _fails(done[-1], now)} | waiting
    began = {channel: done[0].started_at for channel, done in by_channel.items()}
    dues = list(_dues(steps, failing, began, policy=policy, started_at=started_at))
    everyone_at = dues[-1]
    send: dict[str, None] = {}
    later: list[datetime] = []
    for step, due in zip(steps, dues, strict=True):
        if due > now:
            later.append(due)
            continue
        for channel in step:
            at = _next_try(by_channel.get(channel, ()), everyone_at=everyone_at, policy=policy, now=now)
            if at <= now and channel in (busy or {}):
                later.append(now + BUSY)
            elif at <= now:
                send[channel] = None
            else:
                later.append(at)
    all_channels = set(steps[-1])
    reached = any(one.outcome == AttemptOutcome.delivered for one in tried)
    exhausted = not reached and all_channels <= failing and all_channels <= by_channel.keys()
    return Plan(tuple(send), min(later, default=now + FIRST_RETRY), reached, exhausted)


def pause_after(failures: int) -> timedelta:
    """10 s, 20 s, 40 s, … and 5 minutes from the sixth on."""
    return min(FIRST_RETRY * 2 ** min(failures - 1, 10), LONGEST_RETRY)


def _steps(contacts: Sequence[Contact], *, language: str, first: str | None) -> list[tuple[str, ...]]:
    """Who is on duty one by one, those who speak the language before the others; everyone as the last step."""
    usable = [contact for contact in contacts if contact.channels]
    if not usable:
        return []
    duty = [contact for contact in usable if contact.on_duty or (first and contact.person_id == first)]
    duty.sort(key=lambda contact: (contact.person_id != first, language not in contact.languages))
    steps: list[tuple[str, ...]] = []
    for contact in duty:
        steps += [contact.channels] if contact.together else [(channel,) for channel in contact.channels]
    return [*steps, tuple(dict.fromkeys(channel for contact in usable for channel in contact.channels))]


def _dues(
    steps: list[tuple[str, ...]],
    failing: set[str],
    began: dict[str, datetime],
    *,
    policy: PagingPolicy,
    started_at: datetime,
) -> Iterator[datetime]:
    """When each step begins: after the pause, at once where nothing of the step before goes through."""
    due, latest = started_at, started_at + policy.everyone_after
    for number, step in enumerate(steps):
        yield min(due, latest) if number == len(steps) - 1 else due
        if not failing.issuperset(step):
            due = max(due, *(began.get(channel, due) for channel in step)) + policy.next_after


def _next_try(done: Sequence[Tried], *, everyone_at: datetime, policy: PagingPolicy, now: datetime) -> datetime:
    """When a channel whose step has come is used next: now, after a pause, or when everyone is called (again)."""
    if not done:
        return now
    last = done[-1]
    if last.outcome == AttemptOutcome.delivered:
        if last.started_at < everyone_at:
            return max(everyone_at, last.started_at + policy.next_after)
        return last.started_at + policy.repeat_after
    if last.outcome == AttemptOutcome.sending:
        return last.started_at + STALE
    failures = 0
    for one in reversed(done):
        if one.outcome == AttemptOutcome.delivered:
            break
        failures += 1
    return (last.finished_at or last.started_at) + pause_after(failures)


def _fails(last: Tried, now: datetime) -> bool:
    slow = last.outcome == AttemptOutcome.sending and now - last.started_at >= SLOW
    return slow or last.outcome == AttemptOutcome.failed


def _by_channel(tried: Sequence[Tried]) -> dict[str, list[Tried]]:
    found: dict[str, list[Tried]] = {}
    for one in sorted(tried, key=lambda one: one.started_at):
        found.setdefault(one.channel_id, []).append(one)
    return found
