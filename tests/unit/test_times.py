"""Ways to say a time, each with the local result: tests/data/times.tsv.

Columns: now (local), words, expected: windows "MM-DD HH:MM-HH:MM" in order, "…" where more follow; or why it is asked
back: ask (not understood), closed, past, far.
"""

import csv
from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.booking.calendar import Calendar, Caller
from clinic.booking.preferred_time import read_windows
from clinic.errors import InvalidInput
from clinic.settings import ROOT, ClinicInfo, Settings

with (ROOT / "tests" / "data" / "times.tsv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
ASKED_BACK = {"time_unclear": "ask", "time_closed": "closed", "time_past": "past", "time_too_far": "far"}
CLINIC = Settings().clinic


def calendar(clinic: ClinicInfo, now: datetime) -> Calendar:
    hours = {day: [hours] for day, hours in clinic.call_hours.items()}
    return Calendar(clinic, providers=[Caller("aprn", hours)], now=now)  # type: ignore[arg-type]


def local(moment: str, clinic: ClinicInfo) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=clinic.zone)


def read(row: dict[str, str], clinic: ClinicInfo) -> list[str]:
    now = local(row["now"], clinic)
    try:
        windows = read_windows(row["words"], now=now, clinic=clinic, hours=calendar(clinic, now).open_hours)
    except InvalidInput as problem:
        return [ASKED_BACK[problem.reason]]
    return [f"{one.starts_at:%m-%d %H:%M}-{one.ends_at:%H:%M}" for one in windows]


def fits(row: dict[str, str], clinic: ClinicInfo) -> bool:
    found = read(row, clinic)
    expected = row["expected"].removesuffix(" …").split("; ")
    return found[: len(expected)] == expected if row["expected"].endswith("…") else found == expected


def test_there_are_at_least_150_ways_to_say_a_time() -> None:
    assert len({(row["now"], row["words"]) for row in ROWS}) == len(ROWS) >= 150


def test_at_least_95_of_100_are_read_exactly(clinic_info: ClinicInfo) -> None:
    exact = sum(fits(row, clinic_info) for row in ROWS)
    assert exact / len(ROWS) >= 0.95


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['now']}: {row['words']}")
def test_what_is_not_read_exactly_is_asked_back(clinic_info: ClinicInfo, row: dict[str, str]) -> None:
    assert fits(row, clinic_info) or read(row, clinic_info)[0] in ASKED_BACK.values()


WEEK = st.dictionaries(
    st.sampled_from(list(CLINIC.call_hours)),
    st.lists(
        st.tuples(st.integers(0, 47), st.integers(1, 24)).map(
            lambda at: (at[0] * 30, min(at[0] * 30 + at[1] * 30, 1439))
        ),
        max_size=2,
    ),
)
DAYS = ["today", "tomorrow", "monday", "tues or fri", "not wednesday", "next week", "mañana", "whenever", "in 2 hours"]
HOURS = ["", "morning", "after 3", "at 10", "between 1 and 4", "before noon", "por la tarde", "tonight", "at 2:30 am"]


@settings(max_examples=150, deadline=None)
@given(
    day=st.sampled_from(DAYS),
    hours=st.sampled_from(HOURS),
    week=WEEK,
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(CLINIC.zone)),  # noqa: DTZ001
)
def test_an_offered_slot_is_never_in_the_past_and_always_within_somebody_s_hours(
    day: str, hours: str, week: dict[str, list[tuple[int, int]]], now: datetime
) -> None:
    ranges = {name: [(clock(opens), clock(closes)) for opens, closes in one] for name, one in week.items()}
    book = Calendar(CLINIC, providers=[Caller("aprn", ranges)], now=now)
    try:
        windows = read_windows(f"{day} {hours}", now=now, clinic=CLINIC, hours=book.open_hours)
    except InvalidInput:
        windows = book.everything()
    slots = book.free(windows)
    for slot in slots:
        starts_at, ends_at = (moment.astimezone(CLINIC.zone) for moment in (slot.starts_at, slot.ends_at))
        assert slot.starts_at >= now + timedelta(minutes=CLINIC.booking.notice_minutes)
        assert slot.ends_at - slot.starts_at == timedelta(minutes=CLINIC.booking.call_minutes)
        assert any(
            datetime.combine(starts_at, opens, CLINIC.zone).timestamp() <= slot.starts_at.timestamp()
            and slot.ends_at.timestamp() <= datetime.combine(starts_at, closes, CLINIC.zone).timestamp()
            for opens, closes in ranges.get(f"{starts_at:%A}".lower(), [])
        )
        assert any(one.starts_at <= starts_at < one.ends_at for one in windows), ends_at
    assert slots == sorted(set(slots))


def clock(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)
