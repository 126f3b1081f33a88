"""From a visitor's words about a time to a slot that is held, or to slots that are offered."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from clinic.booking import claims
from clinic.booking.calendar import Calendar, Slot, read_calendar
from clinic.booking.preferred_time import ANY_TIME, Window, read_windows
from clinic.booking.time_words import hours_in, plain
from clinic.booking.words import slot_title
from clinic.clock import utc_now
from clinic.content import wording
from clinic.errors import InvalidInput
from clinic.settings import ClinicInfo

SHOWN = 3  # times offered at once: a tired reader on a phone
ORDINALS = (
    re.compile(r"^\W*(?:the )?(?:first|1st|1|one|earliest|el primero|la primera)\b(?: one)?\W*$", re.IGNORECASE),
    re.compile(r"^\W*(?:the )?(?:second|2nd|2|two|middle|el segundo|la segunda)\b(?: one)?\W*$", re.IGNORECASE),
    re.compile(
        r"^\W*(?:the )?(?:third|3rd|3|three|last|el tercero|la tercera|[uú]ltima)\b(?: one)?\W*$", re.IGNORECASE
    ),
)
YES = re.compile(
    r"^\W*(?:yes|yeah|yep|ok(?:ay)?|sure|s[ií]|that works|works for me|sounds good|perfect|good)\b[^?]{0,20}$",
    re.IGNORECASE,
)
OTHERS = re.compile(
    r"^\W*(?:any |some |show |do you have |got )*(?:other|more|different|none|neither|no)\b(?: of (?:these"
    r"|those|them))?(?: (?:times?|options?|slots?|ones?))?\W*$|^\W*otr[ao]s?\b.{0,12}$",
    re.IGNORECASE,
)
CHOOSES = re.compile(
    r"\b(?:clinic|you(?: guys)?|they|aprn) (?:can )?(?:choose|chooses|pick|decide)s?\b|\b(?:you"
    r"|clinic) (?:tell|call) me when(?:ever)?\b|\bwhenever (?:you|they) (?:can|want)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class TimeAnswer:
    """What became of words about a time.

    `slot` is held. Otherwise `wish` says within which windows slots are offered next (empty: any), `note` is a key of
    the wording that says why, and `wants_others` and `clinic_chooses` say what the visitor asked for instead.
    """

    slot: Slot | None = None
    wish: list[Window] = field(default_factory=list)
    note: str | None = None
    wants_others: bool = False
    clinic_chooses: bool = False


@dataclass(frozen=True)
class Offer:
    """Slots to offer. `matches` is false where none fits the wish and these are the nearest."""

    slots: list[Slot]
    matches: bool


def answer_time(
    session: Session,
    words: str,
    *,
    offered: Sequence[datetime],
    holder: str,
    clinic: ClinicInfo,
    now: datetime | None = None,
) -> TimeAnswer:
    """Read the words as a choice among the offered times or as a wish; hold the slot where exactly one is meant.

    Raises InvalidInput("time_unclear") where they say nothing of a time.
    """
    now = now or utc_now()
    calendar = read_calendar(session, clinic=clinic, now=now, holder=holder)
    buttons = wording()["booking"]
    if asks_for_others(words):
        return TimeAnswer(wants_others=True)
    if words == buttons["clinic_chooses"] or CHOOSES.search(words):
        return TimeAnswer(clinic_chooses=True)
    if chosen := _chosen(words, offered, clinic):
        return _held(
            session, calendar, [Window(chosen, chosen + timedelta(minutes=1), is_exact=True)], holder, clinic, now
        )
    try:
        wish = read_windows(words, now=now, clinic=clinic, hours=calendar.open_hours)
    except InvalidInput as problem:
        if problem.reason == "time_unclear":
            raise
        return TimeAnswer(note=problem.reason)
    return _held(
        session, calendar, wish, holder, clinic, now, soonest=bool(ANY_TIME.search(plain(words))) and len(wish) > 1
    )


def asks_for_others(words: str) -> bool:
    """Whether words want other times than those shown."""
    return words == wording()["booking"]["other_times"] or bool(OTHERS.match(words))


def around(slot: Slot, clinic: ClinicInfo) -> Window:
    """The hours around a slot that is gone, to offer what is near it."""
    start = slot.starts_at.astimezone(clinic.zone)
    return Window(start - timedelta(hours=2), start + timedelta(hours=3))


def offer_times(
    session: Session,
    wish: Sequence[Window],
    *,
    without: Sequence[datetime],
    holder: str,
    clinic: ClinicInfo,
    now: datetime | None = None,
) -> Offer:
    """Up to three free slots within the wish, spread over it; else the nearest ones; else none at all."""
    now = now or utc_now()
    calendar = read_calendar(session, clinic=clinic, now=now, holder=holder)
    everything = calendar.free(calendar.everything(), without=without)
    fitting = calendar.free(wish, without=without) if wish else everything
    if fitting:
        return Offer(_spread(_of_first_days(fitting, 3 if wish else 2, clinic)), matches=True)
    return Offer(_nearest(everything, wish), matches=False)


def any_window(session: Session, wish: Sequence[Window], *, clinic: ClinicInfo, now: datetime | None = None) -> Window:
    """When the clinic will call who leaves the time to it: the wish's first window, else the next day of calls.

    Where nobody calls within the horizon it is the next two working days.
    """
    now = now or utc_now()
    notice = timedelta(minutes=clinic.booking.notice_minutes)
    for window in [*wish, *read_calendar(session, clinic=clinic, now=now).everything()]:
        starts_at = max(window.starts_at, (now + notice).astimezone(clinic.zone).replace(second=0, microsecond=0))
        if window.ends_at - starts_at >= timedelta(minutes=clinic.booking.slot_minutes):
            return Window(starts_at, window.ends_at)
    local = now.astimezone(clinic.zone)
    end: date = local.date()
    for _ in range(2):
        end += timedelta(days=3 if end.weekday() == 4 else 2 if end.weekday() == 5 else 1)
    return Window(local, datetime.combine(end, time(17), clinic.zone))


def _held(
    session: Session,
    calendar: Calendar,
    wish: list[Window],
    holder: str,
    clinic: ClinicInfo,
    now: datetime,
    *,
    soonest: bool = False,
) -> TimeAnswer:
    free = calendar.free(wish)
    exact = [one for one in free if any(window.is_exact and window.starts_at == one.starts_at for window in wish)]
    only = exact if len(exact) == 1 else free if len(free) == 1 or (soonest and free) else []
    if not only:
        return TimeAnswer(wish=wish, note=None if free else "time_full")
    try:
        claims.hold(session, only[0], holder=holder, clinic=clinic, now=now)
    except claims.SlotTaken:
        return TimeAnswer(wish=wish, note="time_taken")
    return TimeAnswer(slot=only[0])


def _chosen(words: str, offered: Sequence[datetime], clinic: ClinicInfo) -> datetime | None:
    """One of the offered times: by its button, its place ("the second one") or its hour alone ("9:30")."""
    for moment in offered:
        if words.strip() == slot_title(moment, clinic):
            return moment
    for moment, ordinal in zip(offered, ORDINALS, strict=False):
        if ordinal.match(words):
            return moment
    if len(offered) == 1 and YES.match(words):
        return offered[0]
    text = plain(words)
    hours, is_exact = hours_in(text if re.search(r"\bat\b|:|[ap]\.?m|o.?clock", text) else f"at {text}", has_day=True)
    if (
        hours
        and is_exact
        and re.fullmatch(
            r"[\W\d:apmt]*(?:at|around|works?|please|pls|ok|works for me|is good|o.?clock|yes|the|one|[\s\W\d:apm])*",
            text,
        )
    ):
        same = [moment for moment in offered if moment.astimezone(clinic.zone).time() == hours[0]]
        return same[0] if len(same) == 1 else None
    return None


def _of_first_days(slots: list[Slot], count: int, clinic: ClinicInfo) -> list[Slot]:
    """Those of the first days that have any: who asks at night wants a call soon, not in three weeks."""
    days = sorted({one.starts_at.astimezone(clinic.zone).date() for one in slots})[:count]
    return [one for one in slots if one.starts_at.astimezone(clinic.zone).date() in days]


def _spread(slots: list[Slot]) -> list[Slot]:
    """The soonest and two more from later on."""
    if len(slots) <= SHOWN:
        return slots
    return [slots[len(slots) * place // SHOWN] for place in range(SHOWN)]


def _nearest(slots: list[Slot], wish: Sequence[Window]) -> list[Slot]:
    if not wish:
        return slots[:SHOWN]
    nearest = sorted(slots, key=lambda one: min(abs(one.starts_at - window.starts_at) for window in wish))
    return sorted(nearest[:SHOWN])
