"""The on-call list: people and channels in order, verified by a code that arrived, nothing secret shown."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from clinic.audit import AuditEntry
from clinic.db import Database
from clinic.errors import InvalidInput, NotFound
from clinic.handoff import oncall
from clinic.handoff.fitness import oncall_fitness, unfit_for_production
from clinic.settings import ClinicInfo, Settings
from tests.unit.chats import NOW
from tests.unit.handoffs import after, on_call

SECRET = "json://user:sekret@hooks.example/token"


def listed(database: Database) -> list[oncall.Listed]:
    with database.reading() as session:
        return oncall.list_oncall(session)


def channel_id(database: Database, person: int = 0) -> str:
    return listed(database)[person].channels[0].id


def verify(database: Database, channel: str) -> None:
    with database.transaction() as session:
        _, code = oncall.begin_test(session, channel_id=channel, actor="test", now=NOW)
        oncall.confirm_test(session, channel_id=channel, code=code, actor="test", now=NOW)


def test_people_stand_in_the_order_they_were_added_and_can_be_reordered(database: Database) -> None:
    rosa, sam = on_call(database, "Rosa"), on_call(database, "Sam")
    assert [one.person.first_name for one in listed(database)] == ["Rosa", "Sam"]
    with database.transaction() as session:
        oncall.reorder(session, person_ids=[sam, rosa], actor="test", now=NOW)
    assert [one.person.first_name for one in listed(database)] == ["Sam", "Rosa"]


def test_a_person_can_be_changed(database: Database) -> None:
    rosa = on_call(database, "Rosa")
    with database.transaction() as session:
        oncall.change_person(
            session, person_id=rosa, hours="sat 08:00-12:00", languages=["es"], is_active=False, actor="test", now=NOW
        )
    person = listed(database)[0].person
    assert (person.weekly_hours, person.languages, person.is_active) == ([[5, 480, 720]], ["es"], False)


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"first_name": " "}, "first_name"), ({"hours": "9-5"}, "hours"), ({"languages": ["fr"]}, "language")],
)
def test_what_cannot_be_used_is_refused(database: Database, values: dict[str, object], reason: str) -> None:
    given = {"first_name": "Rosa", "actor": "test", "now": NOW} | values
    with pytest.raises(InvalidInput) as refused, database.transaction() as session:
        oncall.add_person(session, **given)  # type: ignore[arg-type]
    assert refused.value.reason == reason


def test_removing_a_person_removes_the_channels(database: Database) -> None:
    rosa = on_call(database, "Rosa", SECRET)
    channel = channel_id(database)
    with database.transaction() as session:
        oncall.remove_any(session, what=rosa, actor="test", now=NOW)
    with pytest.raises(NotFound), database.transaction() as session:
        oncall.remove_channel(session, channel_id=channel, actor="test", now=NOW)


class TestVerifying:
    def test_the_code_that_arrived_verifies(self, database: Database) -> None:
        on_call(database, "Rosa", SECRET)
        assert not listed(database)[0].is_verified
        verify(database, channel_id(database))
        assert listed(database)[0].channels[0].verified_at == NOW

    @pytest.mark.parametrize(("code", "age"), [("000000x", timedelta(0)), (None, timedelta(minutes=31))])
    def test_a_wrong_or_old_one_does_not(self, database: Database, code: str | None, age: timedelta) -> None:
        on_call(database, "Rosa", SECRET)
        channel = channel_id(database)
        with database.transaction() as session:
            _, sent = oncall.begin_test(session, channel_id=channel, actor="test", now=NOW)
        with pytest.raises(InvalidInput), database.transaction() as session:
            oncall.confirm_test(session, channel_id=channel, code=code or sent, actor="test", now=NOW + age)

    def test_a_code_counts_once(self, database: Database) -> None:
        on_call(database, "Rosa", SECRET)
        channel = channel_id(database)
        with database.transaction() as session:
            _, code = oncall.begin_test(session, channel_id=channel, actor="test", now=NOW)
            oncall.confirm_test(session, channel_id=channel, code=code, actor="test", now=NOW)
        with pytest.raises(InvalidInput), database.transaction() as session:
            oncall.confirm_test(session, channel_id=channel, code=code, actor="test", now=NOW)


def test_what_is_shown_and_audited_holds_no_address(database: Database, clinic_info: ClinicInfo) -> None:
    on_call(database, "Rosa", SECRET)
    verify(database, channel_id(database))
    shown = json.dumps([oncall.as_plain(one, clinic=clinic_info, now=NOW) for one in listed(database)])
    with database.reading() as session:
        audited = "".join(f"{row.tag}{row.subject_id}{row.details}" for row in session.scalars(select(AuditEntry)))
    for text in (shown, audited):
        assert "sekret" not in text
        assert "token" not in text


def test_only_people_with_a_verified_channel_cover_hours(database: Database, clinic_info: ClinicInfo) -> None:
    on_call(database, "Rosa", SECRET)
    with database.reading() as session:
        assert oncall.uncovered_hours(session, clinic=clinic_info, now=NOW)[0].hours == 14 * 24
    verify(database, channel_id(database))
    with database.reading() as session:
        assert oncall.uncovered_hours(session, clinic=clinic_info, now=NOW) == []


def test_days_away_open_a_gap(database: Database, clinic_info: ClinicInfo) -> None:
    rosa = on_call(database, "Rosa", SECRET)
    verify(database, channel_id(database))
    with database.transaction() as session:
        day = date(2026, 11, 28)
        oncall.add_exception(session, person_id=rosa, kind="away", first_day=day, last_day=day, actor="test", now=NOW)
    with database.reading() as session:
        [gap] = oncall.uncovered_hours(session, clinic=clinic_info, now=NOW)
    assert gap.hours == 24


def test_at_night_the_channel_that_wakes_comes_first(database: Database, clinic_info: ClinicInfo) -> None:
    rosa = on_call(database, "Rosa")
    with database.transaction() as session:
        for kind, wakes in (("email", False), ("sms", True)):
            oncall.add_channel(
                session,
                person_id=rosa,
                kind=kind,
                address=f"json://{kind}.example/",
                can_wake=wakes,
                actor="test",
                now=NOW,
            )
    with database.reading() as session:
        by_day = oncall.roster(session, clinic=clinic_info, alert_urls=[], now=NOW)
        by_night = oncall.roster(session, clinic=clinic_info, alert_urls=[], now=after(hours=10))
    assert next(by_day.addresses[one] for one in by_day.contacts[0].channels) == "json://email.example/"
    assert next(by_night.addresses[one] for one in by_night.contacts[0].channels) == "json://sms.example/"


class TestProductionMode:
    def reasons(self, database: Database, *urls: str) -> list[str]:
        settings = Settings(
            mode="production", secret_key="k" * 32, database_url=str(database.engine.url), alert_urls=list(urls)
        )
        return unfit_for_production(settings)

    def test_an_empty_list_refuses_to_start(self, database: Database) -> None:
        assert self.reasons(database, "json://clinic.example/") == ["oncall_list_empty"]

    def test_an_unverified_one_too(self, database: Database) -> None:
        on_call(database, "Rosa", SECRET)
        assert self.reasons(database) == ["oncall_list_unverified"]

    def test_a_verified_channel_that_wakes_lets_it_start(self, database: Database) -> None:
        on_call(database, "Rosa", SECRET)
        verify(database, channel_id(database))
        assert self.reasons(database) == []

    def test_none_that_wakes_a_silenced_phone_refuses(self, database: Database) -> None:
        on_call(database, "Rosa", SECRET)
        verify(database, channel_id(database))
        with database.transaction() as session:
            session.merge(listed(database)[0].channels[0]).can_wake = False
        assert self.reasons(database) == ["no_verified_channel_can_wake"]

    def test_an_address_in_a_variable_that_is_not_set_refuses(self, database: Database) -> None:
        on_call(database, "Rosa", SECRET)
        verify(database, channel_id(database))
        on_call(database, "Sam", "env:LOTUS_NO_SUCH_CHANNEL")
        [reason] = self.reasons(database)
        assert reason.startswith("channel_variable_missing")

    def test_in_development_it_starts_all_the_same(self, database: Database) -> None:
        assert unfit_for_production(Settings(database_url=str(database.engine.url))) == []

    def test_the_doctor_hears_of_unverified_channels_and_uncovered_hours(self, database: Database) -> None:
        on_call(database, "Rosa", SECRET, hours="mon-fri 09:00-17:00")
        with database.reading() as session:
            warns = oncall_fitness(session, settings=Settings(), now=NOW).warns
        assert [warn.split()[0] for warn in warns] == ["channel_unverified", "uncovered_hours"]
