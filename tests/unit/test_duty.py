"""Weekly hours, days away, holidays, the clock's change, and the hours nobody covers."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.errors import InvalidInput
from clinic.handoff.duty import hours_in_words, is_on_duty, read_hours, uncovered
from clinic.handoff.models import OncallException, OncallPerson
from clinic.opening import is_open, next_opening
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW


def person(hours: str = "always", **values: object) -> OncallPerson:
    given = {"works_holidays": True, "is_active": True} | values
    return OncallPerson(
        id="rosa", first_name="Rosa", languages=["en"], weekly_hours=read_hours(hours), created_at=NOW, **given
    )


def away(first: date, last: date, kind: str = "away", starts: int = 0, ends: int = 1440) -> OncallException:
    return OncallException(
        id="e", person_id="rosa", kind=kind, first_day=first, last_day=last, starts=starts, ends=ends
    )


def denver(*parts: int) -> datetime:
    """A time on the clinic's clock in November and December (UTC-7)."""
    return datetime(*parts, tzinfo=UTC) + timedelta(hours=7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "spans"),
    [
        ("mon 09:00-17:00", [[0, 540, 1020]]),
        ("sat,sun 00:00-24:00", [[5, 0, 1440], [6, 0, 1440]]),
        ("fri-mon 8:00-9:00", [[0, 480, 540], [4, 480, 540], [5, 480, 540], [6, 480, 540]]),
        ("sun 22:00-06:00", [[0, 0, 360], [6, 1320, 1440]]),
    ],
)
def test_hours_are_read_from_words(words: str, spans: list[list[int]]) -> None:
    assert read_hours(words) == spans


@pytest.mark.parametrize(
    "words", ["", "monday 9-5", "mon 09:00", "mon 25:00-26:00", "xyz 09:00-10:00", "mon 9:75-10:00"]
)
def test_hours_that_say_nothing_clear_are_refused(words: str) -> None:
    with pytest.raises(InvalidInput):
        read_hours(words)


@pytest.mark.parametrize("words", ["always", "mon 09:00-17:00; tue 00:00-24:00"])
def test_hours_are_shown_as_they_can_be_read_again(words: str) -> None:
    assert hours_in_words(read_hours(words)) == words


@pytest.mark.parametrize(
    ("now", "on_duty"),
    [
        (denver(2026, 11, 23, 8, 59), False),
        (denver(2026, 11, 23, 9, 0), True),
        (denver(2026, 11, 23, 16, 59), True),
        (denver(2026, 11, 23, 17, 0), False),
        (denver(2026, 11, 24, 12, 0), False),
    ],
)
def test_duty_follows_the_clinic_s_clock(clinic_info: ClinicInfo, now: datetime, on_duty: bool) -> None:
    assert is_on_duty(person("mon 09:00-17:00"), [], clinic=clinic_info, now=now) is on_duty


def test_in_summer_nine_o_clock_is_an_hour_earlier_in_utc(clinic_info: ClinicInfo) -> None:
    rosa = person("mon 09:00-17:00")
    assert is_on_duty(rosa, [], clinic=clinic_info, now=datetime(2026, 7, 6, 15, 0, tzinfo=UTC))
    assert not is_on_duty(rosa, [], clinic=clinic_info, now=datetime(2026, 11, 23, 15, 0, tzinfo=UTC))


def test_nobody_is_on_duty_on_days_away(clinic_info: ClinicInfo) -> None:
    gone = [away(date(2026, 11, 23), date(2026, 11, 24))]
    assert not is_on_duty(person(), gone, clinic=clinic_info, now=denver(2026, 11, 24, 23, 0))
    assert is_on_duty(person(), gone, clinic=clinic_info, now=denver(2026, 11, 25, 0, 0))


def test_extra_hours_count_on_a_day_away_too(clinic_info: ClinicInfo) -> None:
    day = date(2026, 11, 23)
    both = [away(day, day), away(day, day, "extra", 600, 660)]
    assert is_on_duty(person(), both, clinic=clinic_info, now=denver(2026, 11, 23, 10, 30))
    assert not is_on_duty(person(), both, clinic=clinic_info, now=denver(2026, 11, 23, 11, 30))


def test_on_thanksgiving_only_who_works_on_holidays_is_on_duty(clinic_info: ClinicInfo) -> None:
    noon = denver(2026, 11, 26, 12, 0)
    assert is_on_duty(person(), [], clinic=clinic_info, now=noon)
    assert not is_on_duty(person(works_holidays=False), [], clinic=clinic_info, now=noon)


def test_somebody_inactive_is_never_on_duty(clinic_info: ClinicInfo) -> None:
    assert not is_on_duty(person(is_active=False), [], clinic=clinic_info, now=NOW)


class TestUncovered:
    def test_an_empty_list_leaves_all_of_it_open(self, clinic_info: ClinicInfo) -> None:
        [gap] = uncovered([], clinic=clinic_info, now=NOW)
        assert gap.hours == 14 * 24

    def test_somebody_always_there_leaves_nothing(self, clinic_info: ClinicInfo) -> None:
        assert uncovered([(person(), [])], clinic=clinic_info, now=NOW) == []

    def test_the_nights_and_weekends_of_office_hours_are_open(self, clinic_info: ClinicInfo) -> None:
        gaps = uncovered([(person("mon-fri 09:00-17:00"), [])], clinic=clinic_info, now=NOW, days=7)
        assert gaps[0].starts_at == denver(2026, 11, 23, 17, 0)
        assert [gap.hours for gap in gaps] == [16, 16, 16, 16, 64]

    def test_two_people_cover_together(self, clinic_info: ClinicInfo) -> None:
        both = [(person("mon-sun 00:00-12:30"), []), (person("mon-sun 12:00-24:00"), [])]
        assert uncovered(both, clinic=clinic_info, now=NOW) == []

    def test_the_night_of_the_clock_s_change_has_its_real_length(self, clinic_info: ClinicInfo) -> None:
        before = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)  # 5 PM in Denver; the clock goes back in the night
        gaps = uncovered([(person("mon-sun 09:00-17:00"), [])], clinic=clinic_info, now=before, days=1)
        assert [gap.hours for gap in gaps] == [17]


@pytest.mark.parametrize(
    ("now", "open_now", "opens"),
    [
        (denver(2026, 11, 23, 10, 0), True, denver(2026, 11, 23, 10, 0)),
        (denver(2026, 11, 23, 8, 0), False, denver(2026, 11, 23, 9, 0)),
        (denver(2026, 11, 23, 17, 0), False, denver(2026, 11, 24, 9, 0)),
        (denver(2026, 11, 25, 18, 0), False, denver(2026, 11, 27, 9, 0)),
        (denver(2026, 11, 28, 12, 0), False, denver(2026, 11, 30, 9, 0)),
    ],
    ids=["open", "early", "evening", "before thanksgiving", "saturday"],
)
def test_the_clinic_opens_by_its_own_hours_and_holidays(
    clinic_info: ClinicInfo, now: datetime, open_now: bool, opens: datetime
) -> None:
    assert is_open(clinic_info, now) is open_now
    assert next_opening(clinic_info, now) == opens


def test_a_closed_day_of_the_clinic_s_own_is_closed(clinic_info: ClinicInfo) -> None:
    shut = clinic_info.model_copy(update={"closed_days": [date(2026, 11, 23)]})
    assert not is_open(shut, denver(2026, 11, 23, 10, 0))
