"""What a visitor reads about the clinic's staff is true: whether anybody can be alerted, and whether it is open."""

from datetime import UTC, datetime

import pytest

from clinic.db import Database
from clinic.handoff.asked import person_asked_reply
from clinic.handoff.protocol import People, crisis_reply, text
from clinic.handoff.reach import Reach, reach
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW, finding
from tests.unit.handoffs import on_call

NIGHT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)  # 9 PM on Monday in Denver
URLS = ["json://clinic.example/"]


def said(
    database: Database,
    clinic: ClinicInfo,
    *,
    now: datetime = NOW,
    urls: list[str] = URLS,
    severity: str = "acute",
    language: str = "en",
) -> Reach:
    with database.reading() as session:
        return reach(session, clinic=clinic, alert_urls=urls, severity=severity, now=now, language=language)


def test_with_a_channel_staff_are_being_reached(database: Database, clinic_info: ClinicInfo) -> None:
    assert said(database, clinic_info) == Reach(People.trying)


def test_without_one_the_chat_is_only_marked(database: Database, clinic_info: ClinicInfo) -> None:
    assert said(database, clinic_info, urls=[]) == Reach(People.queued)


def test_a_person_on_call_is_a_channel(database: Database, clinic_info: ClinicInfo) -> None:
    on_call(database, "Rosa", "json://rosa.example/")
    assert said(database, clinic_info, urls=[]).people is People.trying


@pytest.mark.parametrize(("language", "opens"), [("en", "on Tuesday at 9:00 AM"), ("es", "el martes a las 9:00 AM")])
def test_at_night_it_says_when_the_clinic_opens(
    database: Database, clinic_info: ClinicInfo, language: str, opens: str
) -> None:
    assert said(database, clinic_info, now=NIGHT, language=language) == Reach(People.trying, opens)


@pytest.mark.parametrize(
    ("severity", "people"), [("concern", People.waiting), ("acute", People.trying), ("imminent", People.trying)]
)
def test_a_concern_that_waits_for_the_morning_says_so(
    database: Database, clinic_info: ClinicInfo, severity: str, people: People
) -> None:
    concern = clinic_info.paging.concern.model_copy(update={"waits_for_opening": True})
    patient = clinic_info.model_copy(update={"paging": clinic_info.paging.model_copy(update={"concern": concern})})
    assert said(database, patient, now=NIGHT, severity=severity).people is people
    assert said(database, patient, now=NOW, severity=severity).people is People.trying


@pytest.mark.parametrize("people", [People.trying, People.queued, People.waiting])
def test_a_crisis_reply_at_night_names_the_opening_once(people: People) -> None:
    reply = crisis_reply(finding(), people=people, closed_until="on Tuesday at 9:00 AM").text
    assert reply.count("on Tuesday at 9:00 AM") == 1
    assert "{opens}" not in reply


def test_by_day_it_says_nothing_of_hours() -> None:
    assert "closed" not in crisis_reply(finding(), people=People.trying).text


def test_who_asks_for_a_person_at_night_reads_when_the_clinic_opens(clinic_info: ClinicInfo) -> None:
    reply = person_asked_reply(clinic_info, closed_until="on Tuesday at 9:00 AM").text
    assert text("closed_now").format(opens="on Tuesday at 9:00 AM") in reply
