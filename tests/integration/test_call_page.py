"""A call's page over HTTP: opened by its signed link alone; looking changes nothing. Only `web` is started."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import icalendar
import pytest
from sqlalchemy import select

from cli.scratch import Scratch, free_port, running
from clinic import crypto
from clinic.booking.book import By, Caller, book_call, move_call
from clinic.booking.calendar import Slot, read_calendar
from clinic.booking.links import call_token
from clinic.booking.models import SmsConsent
from clinic.clock import utc_now
from clinic.db import Database
from clinic.models import Appointment
from clinic.settings import ClinicInfo


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    channels = {"LOTUS_SMS_URL": "json://127.0.0.1:9/{to}", "LOTUS_EMAIL_URL": "json://127.0.0.1:9/{to}"}
    channels["LOTUS_RASA_URL"] = f"http://127.0.0.1:{free_port()}"
    channels["LOTUS_DATA_KEYS"] = f'["{crypto.keyring().keys[0]}"]'
    with running(tmp_path_factory.mktemp("page"), "web", wait_for="/healthz", **channels) as started:
        yield started


@pytest.fixture
def site(alone: Scratch) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=alone.url, trust_env=False, timeout=30, follow_redirects=True) as client:
        yield client


@pytest.fixture
def stored(alone: Scratch) -> Iterator[Database]:
    opened = Database(f"sqlite:///{alone.folder / 'lotus.db'}")
    yield opened
    opened.close()


def free(stored: Database, clinic: ClinicInfo) -> list[Slot]:
    with stored.reading() as session:
        calendar = read_calendar(session, clinic=clinic, now=utc_now())
        return calendar.free(calendar.everything())


@pytest.fixture
def call(stored: Database, clinic_info: ClinicInfo) -> Appointment:
    [at, *_] = free(stored, clinic_info)
    with stored.transaction() as session:
        return book_call(
            session,
            conversation_id=None,
            caller=Caller(first_name="Zebedee", phone="+18015550123"),
            slot=at,
            consent_wording="call-consent-2",
            clinic=clinic_info,
            by=By("chat"),
            now=utc_now(),
        ).appointment


def now_of(stored: Database, call: Appointment) -> Appointment:
    with stored.reading() as session:
        return session.get_one(Appointment, call.id)


def path(call: Appointment) -> str:
    return f"/calls/{call_token(call.reference)}"


def words_in(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def test_it_shows_the_time_and_neither_name_nor_number(site: httpx.Client, call: Appointment) -> None:
    page = site.get(path(call))
    assert page.status_code == 200
    assert call.reference in page.text
    assert "Zebedee" not in page.text
    assert "5550123" not in page.text
    assert "ketamine" not in page.text.lower()


def test_it_is_kept_by_no_cache_and_no_search_engine(site: httpx.Client, call: Appointment) -> None:
    headers = site.get(path(call)).headers
    assert headers["Cache-Control"] == "no-store"
    assert "noindex" in headers["X-Robots-Tag"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "form-action 'self'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("token", ["x", "LC-ABC234", "IkxDLUFCQzIzNCI.AAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_link_that_was_not_signed_here_opens_nothing(site: httpx.Client, token: str) -> None:
    for answer in (
        site.get(f"/calls/{token}"),
        site.post(f"/calls/{token}", data={"action": "cancel", "sequence": "0"}),
    ):
        assert answer.status_code == 404
        assert "There is no call at this address" in words_in(answer)


def test_looking_changes_nothing(site: httpx.Client, stored: Database, call: Appointment) -> None:
    for _ in range(3):
        site.get(path(call))
        site.get(f"{path(call)}/call.ics")
        site.get(path(call), params={"action": "cancel", "done": "done_cancelled"})
    found = now_of(stored, call)
    assert (found.state, found.sequence, found.starts_at) == ("confirmed", 0, call.starts_at)


def test_another_time_is_chosen_from_those_shown(
    site: httpx.Client, stored: Database, clinic_info: ClinicInfo, call: Appointment
) -> None:
    values = re.findall(r'name="slot" value="([^"]+)"', site.get(path(call)).text)
    done = site.post(path(call), data={"action": "move", "sequence": "0", "slot": values[2]})
    assert "The call is moved" in words_in(done)
    found = now_of(stored, call)
    assert (found.reference, found.sequence) == (call.reference, 1)
    assert found.starts_at is not None
    assert found.starts_at.isoformat()[:16] in values[2].replace("Z", "")


def test_a_time_that_somebody_has_meanwhile_is_refused_politely(
    site: httpx.Client, stored: Database, clinic_info: ClinicInfo, call: Appointment
) -> None:
    values = re.findall(r'name="slot" value="([^"]+)"', site.get(path(call)).text)
    site.post(path(call), data={"action": "move", "sequence": "0", "slot": values[1]})
    with stored.transaction() as session:
        other = book_call(
            session,
            conversation_id=None,
            caller=Caller(first_name="Bo", phone="+13855550123"),
            slot=free(stored, clinic_info)[0],
            consent_wording="call-consent-2",
            clinic=clinic_info,
            by=By("chat"),
            now=utc_now(),
        ).appointment
    done = site.post(path(other), data={"action": "move", "sequence": "0", "slot": values[1]})
    assert "has just been taken" in words_in(done)
    assert now_of(stored, other).starts_at == other.starts_at


@pytest.mark.parametrize(
    "slot",
    [
        "",
        "nobody|x|y",
        "aprn-1|2020-01-06T16:00:00Z|2020-01-06T16:20:00Z",
        "a|b",
        "a|0001-01-01T00:00+14:00|0001-01-01T00:00Z",
    ],
)
def test_a_made_up_time_is_refused(site: httpx.Client, stored: Database, call: Appointment, slot: str) -> None:
    site.post(path(call), data={"action": "move", "sequence": "0", "slot": slot})
    assert now_of(stored, call).starts_at == call.starts_at


def test_a_page_of_before_a_change_changes_nothing(
    site: httpx.Client, stored: Database, clinic_info: ClinicInfo, call: Appointment
) -> None:
    later = free(stored, clinic_info)[3]
    with stored.transaction() as session:
        found = session.get_one(Appointment, call.id)
        move_call(session, found, later, clinic=clinic_info, by=By("console", "staff-1"), now=utc_now())
    done = site.post(path(call), data={"action": "cancel", "sequence": "0"})
    assert "was changed meanwhile" in words_in(done)
    assert now_of(stored, call).state == "confirmed"


def test_it_is_cancelled_and_says_so(site: httpx.Client, stored: Database, call: Appointment) -> None:
    done = site.post(path(call), data={"action": "cancel", "sequence": "0"})
    assert "This call is cancelled" in words_in(done)
    assert "<form" not in done.text
    assert now_of(stored, call).state == "cancelled"


def test_texts_are_an_unticked_box_of_their_own(site: httpx.Client, stored: Database, call: Appointment) -> None:
    page = site.get(path(call)).text
    [box] = re.findall(r"<input type=\"checkbox\"[^>]*>", page)
    assert "checked" not in box
    site.post(path(call), data={"action": "texts"})
    with stored.reading() as session:
        query = select(SmsConsent).where(SmsConsent.appointment_id == call.id)
        assert session.scalars(query).all() == []
    site.post(path(call), data={"action": "texts", "agree": "yes"})
    with stored.reading() as session:
        [consent] = session.scalars(query).all()
        assert "STOP" in consent.wording_text
        assert (consent.phone, consent.ended_at) == ("+18015550123", None)
    assert "You agreed to texts" in words_in(site.get(path(call)))
    site.post(path(call), data={"action": "stop_texts"})
    with stored.reading() as session:
        assert [one.ended_at is not None for one in session.scalars(query)] == [True]


@pytest.mark.parametrize(("address", "kept"), [("anna@example.org", True), ("anna", False), ("a@b@c.d", False)])
def test_an_address_is_kept_where_it_is_one(
    site: httpx.Client, stored: Database, call: Appointment, address: str, kept: bool
) -> None:
    site.post(path(call), data={"action": "email", "email": address})
    assert now_of(stored, call).email == (address if kept else None)


def test_the_calendar_file_parses_and_has_the_stored_time(site: httpx.Client, call: Appointment) -> None:
    answer = site.get(f"{path(call)}/call.ics")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    event: Any
    [event] = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["DTSTART"].dt == call.starts_at
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=20)
    assert "Zebedee" not in answer.text


def test_the_log_holds_no_link(alone: Scratch, site: httpx.Client, call: Appointment) -> None:
    site.get(path(call))
    log = Path(alone.folder / "serve.log").read_text(encoding="utf-8")
    assert call_token(call.reference) not in log
