"""Free words for a time become a window within the call hours, or a reason why not."""

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from clinic.booking.preferred_time import SHORTEST_CALL, Window, find_windows, parse_window
from clinic.errors import InvalidInput
from clinic.settings import ClinicInfo, Settings

MONDAY = "2026-11-23 10:00"
FRIDAY_AFTERNOON = "2026-11-27 16:30"
SATURDAY = "2026-11-28 12:00"
LATE_MONDAY = "2026-11-23 23:50"
BEFORE_SPRING_CHANGE = "2026-03-06 16:50"
SPRING_CHANGE_NIGHT = "2026-03-08 01:30"
BEFORE_AUTUMN_CHANGE = "2026-10-30 17:30"
AUTUMN_CHANGE_NIGHT = "2026-11-01 01:30"
LAST_DAY_OF_YEAR = "2026-12-31 16:00"


def at(local: str, clinic: ClinicInfo) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=clinic.zone)


def said(window: Window) -> str:
    return f"{window.starts_at:%a %m-%d %H:%M}-{window.ends_at:%H:%M}"


def reason(words: str, now: str, clinic: ClinicInfo) -> str:
    with pytest.raises(InvalidInput) as refused:
        parse_window(words, now=at(now, clinic), clinic=clinic)
    return refused.value.reason


@pytest.mark.parametrize(
    ("words", "window"),
    [
        ("today", "Mon 11-23 10:01-17:00"),
        ("tomorrow", "Tue 11-24 09:00-17:00"),
        ("tmrw after 1", "Tue 11-24 13:00-17:00"),
        ("tommorow", "Tue 11-24 09:00-17:00"),
        ("Tomorrow   MORNING", "Tue 11-24 09:00-12:00"),
        ("day after tomorrow at 2pm", "Wed 11-25 14:00-14:30"),
        ("day after tmrw", "Wed 11-25 09:00-17:00"),
        ("thurs after 3", "Thu 11-26 15:00-17:00"),
        ("weds at 4:30pm", "Wed 11-25 16:30-17:00"),
        ("tues", "Tue 11-24 09:00-17:00"),
        ("next monday", "Mon 11-30 09:00-17:00"),
        ("friday before 11", "Fri 11-27 09:00-11:00"),
        ("noon on friday", "Fri 11-27 12:00-13:00"),
        ("before noon tomorrow", "Tue 11-24 09:00-12:00"),
        ("tomorrow after lunch", "Tue 11-24 12:00-17:00"),
        ("between 2 and 4 tomorrow", "Tue 11-24 14:00-16:00"),
        ("between 10am and noon on tuesday", "Tue 11-24 10:00-12:00"),
        ("tomorrow 2-4", "Tue 11-24 14:00-16:00"),
        ("tomorrow 1pm to 3", "Tue 11-24 13:00-15:00"),
        ("wednesday 15:30", "Wed 11-25 15:30-16:00"),
        ("3 o'clock tomorrow", "Tue 11-24 15:00-15:30"),
        ("tomorrow at 9:15 am", "Tue 11-24 09:15-09:45"),
        ("12pm tomorrow", "Tue 11-24 12:00-12:30"),
        ("in 2 days", "Wed 11-25 09:00-17:00"),
        ("in 3 weeks", "Mon 12-14 09:00-17:00"),
        ("december 3rd at 2", "Thu 12-03 14:00-14:30"),
        ("dec 3-5", "Thu 12-03 09:00-17:00"),
        ("12/3", "Thu 12-03 09:00-17:00"),
        ("12/03/2026 after 1", "Thu 12-03 13:00-17:00"),
        ("as soon as possible", "Mon 11-23 10:01-17:00"),
        ("whenever", "Mon 11-23 10:01-17:00"),
        ("any day after 3pm", "Mon 11-23 15:00-17:00"),
    ],
)
def test_english_words_become_a_window(clinic_info: ClinicInfo, words: str, window: str) -> None:
    assert said(parse_window(words, now=at(MONDAY, clinic_info), clinic=clinic_info)) == window


@pytest.mark.parametrize(
    ("words", "window"),
    [
        ("hoy", "Mon 11-23 10:01-17:00"),
        ("hoy a las 3", "Mon 11-23 15:00-15:30"),
        ("esta tarde", "Mon 11-23 12:00-17:00"),
        ("mañana", "Tue 11-24 09:00-17:00"),
        ("manana por la manana", "Tue 11-24 09:00-12:00"),
        ("mañana a la 1", "Tue 11-24 13:00-13:30"),
        ("mañana a mediodía", "Tue 11-24 12:00-13:00"),
        ("mañana a las 10 de la mañana", "Tue 11-24 10:00-10:30"),
        ("pasado mañana", "Wed 11-25 09:00-17:00"),
        ("pasado manana por la tarde", "Wed 11-25 12:00-17:00"),
        ("el martes por la tarde", "Tue 11-24 12:00-17:00"),
        ("miercoles", "Wed 11-25 09:00-17:00"),
        ("el jueves después de las 3", "Thu 11-26 15:00-17:00"),
        ("el viernes antes de las 11", "Fri 11-27 09:00-11:00"),
        ("entre las 2 y las 4 el martes", "Tue 11-24 14:00-16:00"),
        ("próximo lunes", "Mon 11-30 09:00-17:00"),
        ("3 de diciembre", "Thu 12-03 09:00-17:00"),
        ("en 2 semanas", "Mon 12-07 09:00-17:00"),
        ("cualquier día", "Mon 11-23 10:01-17:00"),
        ("lo antes posible", "Mon 11-23 10:01-17:00"),
    ],
)
def test_spanish_words_become_a_window(clinic_info: ClinicInfo, words: str, window: str) -> None:
    assert said(parse_window(words, now=at(MONDAY, clinic_info), clinic=clinic_info)) == window


@pytest.mark.parametrize(
    ("now", "words", "window"),
    [
        (FRIDAY_AFTERNOON, "today", "Fri 11-27 16:31-17:00"),
        (FRIDAY_AFTERNOON, "friday 10am", "Fri 12-04 10:00-10:30"),
        (FRIDAY_AFTERNOON, "asap", "Fri 11-27 16:31-17:00"),
        (FRIDAY_AFTERNOON, "morning", "Mon 11-30 09:00-12:00"),
        (SATURDAY, "asap", "Mon 11-30 09:00-17:00"),
        (SATURDAY, "monday", "Mon 11-30 09:00-17:00"),
        (LATE_MONDAY, "tomorrow", "Tue 11-24 09:00-17:00"),
        (LATE_MONDAY, "monday", "Mon 11-30 09:00-17:00"),
        (LATE_MONDAY, "asap", "Tue 11-24 09:00-17:00"),
        (LAST_DAY_OF_YEAR, "tomorrow morning", "Fri 01-01 09:00-12:00"),
        (LAST_DAY_OF_YEAR, "jan 5", "Tue 01-05 09:00-17:00"),
        (LAST_DAY_OF_YEAR, "1/5 at 2", "Tue 01-05 14:00-14:30"),
        (LAST_DAY_OF_YEAR, "en 2 semanas", "Thu 01-14 09:00-17:00"),
    ],
)
def test_the_same_words_follow_the_moment(clinic_info: ClinicInfo, now: str, words: str, window: str) -> None:
    assert said(parse_window(words, now=at(now, clinic_info), clinic=clinic_info)) == window


@pytest.mark.parametrize(
    ("now", "words", "starts_at"),
    [
        (BEFORE_SPRING_CHANGE, "monday at 10", "2026-03-09T10:00:00-06:00"),
        (BEFORE_SPRING_CHANGE, "next working day", "2026-03-09T09:00:00-06:00"),
        (SPRING_CHANGE_NIGHT, "tomorrow", "2026-03-09T09:00:00-06:00"),
        (SPRING_CHANGE_NIGHT, "in 1 days", "2026-03-09T09:00:00-06:00"),
        (BEFORE_AUTUMN_CHANGE, "monday at 10", "2026-11-02T10:00:00-07:00"),
        (AUTUMN_CHANGE_NIGHT, "tomorrow after 3", "2026-11-02T15:00:00-07:00"),
        (AUTUMN_CHANGE_NIGHT, "asap", "2026-11-02T09:00:00-07:00"),
    ],
)
def test_call_hours_keep_their_clock_time_over_a_time_change(
    clinic_info: ClinicInfo, now: str, words: str, starts_at: str
) -> None:
    assert parse_window(words, now=at(now, clinic_info), clinic=clinic_info).starts_at.isoformat() == starts_at


def test_now_may_come_in_utc_and_the_day_is_the_clinic_s(clinic_info: ClinicInfo) -> None:
    tuesday_in_utc = datetime.fromisoformat("2026-11-24T05:00:00+00:00")  # Monday 22:00 in Denver
    assert said(parse_window("tomorrow", now=tuesday_in_utc, clinic=clinic_info)).startswith("Tue 11-24")


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (MONDAY, "saturday"),
        (MONDAY, "el sabado por la mañana"),
        (MONDAY, "sunday at 10"),
        (MONDAY, "tonight"),
        (MONDAY, "esta noche"),
        (MONDAY, "tomorrow at 8am"),
        (MONDAY, "tomorrow at 6pm"),
        (MONDAY, "tomorrow between 5 and 9"),
        (MONDAY, "12am tomorrow"),
        (MONDAY, "tomorrow after 5"),
        (MONDAY, "tomorrow at 4:50pm"),
        (FRIDAY_AFTERNOON, "tomorrow"),
        (SPRING_CHANGE_NIGHT, "today"),
    ],
)
def test_hours_without_calls_are_refused_as_closed(clinic_info: ClinicInfo, now: str, words: str) -> None:
    assert reason(words, now, clinic_info) == "time_closed"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (MONDAY, "today at 9am"),
        (MONDAY, "yesterday"),
        (MONDAY, "ayer por la tarde"),
        (FRIDAY_AFTERNOON, "this morning"),
        (FRIDAY_AFTERNOON, "esta mañana"),
        (FRIDAY_AFTERNOON, "today at 3"),
        (LATE_MONDAY, "today"),
        (LAST_DAY_OF_YEAR, "12/03/2026"),
    ],
)
def test_a_time_that_is_over_is_refused_as_past(clinic_info: ClinicInfo, now: str, words: str) -> None:
    assert reason(words, now, clinic_info) == "time_past"


@pytest.mark.parametrize("words", ["in 5 weeks", "en 8 semanas", "december 24", "1/5", "in 99 weeks", "november 20"])
def test_a_day_beyond_the_horizon_is_refused_as_too_far(clinic_info: ClinicInfo, words: str) -> None:
    assert reason(words, MONDAY, clinic_info) == "time_too_far"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        "banana",
        "????",
        "i don't know",
        "3",
        "99/99",
        "feb 30",
        "at 99",
        "may",
        "what does it do",
        "💜",
        "2-4",
    ],
)
def test_nonsense_is_no_time(clinic_info: ClinicInfo, words: str) -> None:
    assert reason(words, MONDAY, clinic_info) == "time_unclear"


@pytest.mark.parametrize(
    "words",
    [
        "8015550123",
        "801-555-0123",
        "801 555 0123",
        "(801) 555-0123",
        "801.555.0123",
        "+1 801 555 0123",
        "call me at 801-555-0123",
        "at 385 272 4292",
        "+44 20 7946 0958",
    ],
)
def test_a_phone_number_is_no_time(clinic_info: ClinicInfo, words: str) -> None:
    assert reason(words, MONDAY, clinic_info) == "time_unclear"


def test_a_phone_number_beside_a_day_does_not_change_the_hours(clinic_info: ClinicInfo) -> None:
    window = parse_window("tomorrow at 801-555-0123", now=at(MONDAY, clinic_info), clinic=clinic_info)
    assert said(window) == "Tue 11-24 09:00-17:00"


def test_find_windows_is_empty_where_parse_window_refuses(clinic_info: ClinicInfo) -> None:
    assert find_windows("how much is it", now=at(MONDAY, clinic_info), clinic=clinic_info) == []


def test_find_windows_finds_the_time_inside_a_sentence(clinic_info: ClinicInfo) -> None:
    words = "could someone call me tomorrow morning?"
    [found] = find_windows(words, now=at(MONDAY, clinic_info), clinic=clinic_info)
    assert said(found) == "Tue 11-24 09:00-12:00"


CLINIC = Settings().clinic
LIKELY = re.split(
    " ",
    "tomorrow today monday friday sat next in 2 3 10 12 30 45 days weeks after before between and at am pm noon morning"
    " evening tonight asap mañana pasado lunes viernes a las de la tarde noche en semanas dec 12/31 11/1 3/8 feb 29 -",
)
ANY_WORDS = st.text(max_size=300) | st.lists(st.sampled_from(LIKELY), max_size=12).map(" ".join)
ANY_MOMENT = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(CLINIC.zone))  # noqa: DTZ001


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(words=ANY_WORDS, now=ANY_MOMENT)
@example(words="13/45", now=at(MONDAY, CLINIC))
@example(words="1/1/0000", now=at(MONDAY, CLINIC))
@example(words="en 99 semanas", now=at(MONDAY, CLINIC))
@example(words="tomorrow at ٣", now=at(MONDAY, CLINIC))
@example(words="today", now=at("2026-11-27 16:44:59", CLINIC))
def test_whatever_is_typed_gives_a_usable_window_or_a_known_reason(words: str, now: datetime) -> None:
    window, why = None, None
    try:
        window = parse_window(words, now=now, clinic=CLINIC)
    except InvalidInput as refused:
        why = refused.reason
    if window is None:
        assert why in {"time_unclear", "time_past", "time_closed", "time_too_far"}
        return
    opens, closes = CLINIC.call_hours[window.starts_at.strftime("%A").lower()]  # type: ignore[index]
    assert opens <= window.starts_at.time() < window.ends_at.time() <= closes
    assert window.starts_at.date() == window.ends_at.date()
    assert now < window.starts_at
    assert window.ends_at - window.starts_at >= SHORTEST_CALL
    assert window.starts_at.date() - now.date() <= timedelta(days=CLINIC.booking.horizon_days)
