"""Emails and texts about a call: in neutral words, where agreed to, in the hours for texts, never old news."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from sqlalchemy import select

from clinic.booking.book import cancel_call, move_call
from clinic.booking.calendar_file import calendar_file
from clinic.booking.models import OutboxMessage
from clinic.booking.outbox import Outgoing, compose, next_text_time, plan, send_due
from clinic.booking.texting import agree_to_texts, is_stop, stop_texts
from clinic.content import wording
from clinic.db import Database
from clinic.models import Appointment
from clinic.settings import ClinicInfo
from tests.unit.calls import PHONE, VISITOR, book, slot
from tests.unit.chats import NOW

URL = "https://guide.example"
# What somebody who sees the screen, or hears the machine, must not learn.
MEDICAL = re.compile(
    r"ketamin|esketamin|spravato|clinic\b|clinical|aprn|nurse|doctor|patient|medic|treat|therap|depress|mental|health|"
    r"psych|evaluation|infusion|dose|drug|ptsd|anxiety|suicid|diagnos|prescri",
    re.IGNORECASE,
)


def a_call(
    database: Database, clinic: ClinicInfo, *, email: bool = True, texts: bool = True, hour: int = 15
) -> Appointment:
    call = book(database, clinic, None, slot(clinic, hour)).appointment
    with database.transaction() as session:
        found = session.get_one(Appointment, call.id)
        found.email = "anna@example.org" if email else None
        if texts:
            agree_to_texts(
                session, found, wording="text-consent-1", wording_text="May we?", clinic=clinic, by=VISITOR, now=NOW
            )
        plan(session, found, "booked", clinic=clinic, now=NOW)
    return call


def send(database: Database, clinic: ClinicInfo, at: datetime, *, accepted: bool = True) -> list[Outgoing]:
    sent: list[Outgoing] = []

    def take(message: Outgoing) -> bool:
        sent.append(message)
        return accepted

    send_due(database, send=take, channels={"email", "sms"}, clinic=clinic, url=URL, now=at)
    return sent


def test_who_agreed_to_nothing_gets_nothing(database: Database, clinic_info: ClinicInfo) -> None:
    call = a_call(database, clinic_info, email=False, texts=False)
    assert send(database, clinic_info, call.due_at) == []


def test_a_booking_is_confirmed_and_reminded_of_on_every_agreed_channel(
    database: Database, clinic_info: ClinicInfo
) -> None:
    call = a_call(database, clinic_info)
    first = send(database, clinic_info, NOW)
    assert sorted((one.channel, one.to) for one in first) == [("email", "anna@example.org"), ("sms", PHONE)]
    assert all("3:00 PM" in one.body for one in first)
    assert send(database, clinic_info, NOW) == []
    assert call.starts_at is not None
    reminders = send(database, clinic_info, call.starts_at - timedelta(minutes=120))
    assert sorted(one.channel for one in reminders) == ["email", "sms"]
    assert all("reminder" in one.body.lower() for one in reminders)


@pytest.mark.parametrize("kind", ["booked", "moved", "cancelled", "reminder"])
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_no_message_holds_a_medical_word_or_a_name(
    database: Database, clinic_info: ClinicInfo, kind: str, channel: str
) -> None:
    call = a_call(database, clinic_info)
    with database.reading() as session:
        made = compose(kind, channel, session.get_one(Appointment, call.id), clinic=clinic_info, url=URL)
    said = f"{made.title} {made.body} {(made.attachment or b'').decode()}".replace("/calls/", " ")
    assert not MEDICAL.search(said)
    assert "Anna" not in said


def test_the_voicemail_and_the_page_hold_no_medical_word_either(clinic_info: ClinicInfo) -> None:
    calls = wording()["calls"]
    assert not MEDICAL.search(calls["voicemail"].format(clinic=clinic_info.name, phone=clinic_info.phone))
    assert [text for text in calls["page"].values() if MEDICAL.search(text)] == []


def test_a_moved_call_is_told_and_reminded_of_at_its_new_time_only(database: Database, clinic_info: ClinicInfo) -> None:
    call = a_call(database, clinic_info, hour=11)
    with database.transaction() as session:
        found = session.get_one(Appointment, call.id)
        move_call(session, found, slot(clinic_info, 16), clinic=clinic_info, by=VISITOR, now=NOW)
    first = send(database, clinic_info, NOW)
    assert [("new time" in one.body, "4:00 PM" in one.body) for one in first] == [(True, True)] * 2
    assert send(database, clinic_info, slot(clinic_info, 11).starts_at) == []
    assert len(send(database, clinic_info, slot(clinic_info, 16).starts_at - timedelta(minutes=120))) == 2


def test_cancelling_stops_the_reminders(database: Database, clinic_info: ClinicInfo) -> None:
    call = a_call(database, clinic_info)
    send(database, clinic_info, NOW)
    with database.transaction() as session:
        cancel_call(session, session.get_one(Appointment, call.id), clinic=clinic_info, by=VISITOR, now=NOW)
    assert {"cancelled" in one.body for one in send(database, clinic_info, NOW)} == {True}
    assert send(database, clinic_info, call.due_at) == []


def test_a_refused_message_is_tried_again_later(database: Database, clinic_info: ClinicInfo) -> None:
    a_call(database, clinic_info, texts=False)
    assert len(send(database, clinic_info, NOW, accepted=False)) == 1
    assert send(database, clinic_info, NOW + timedelta(seconds=30)) == []
    assert len(send(database, clinic_info, NOW + timedelta(minutes=2))) == 1


def test_stop_ends_texts_at_once_and_for_good(database: Database, clinic_info: ClinicInfo) -> None:
    call = a_call(database, clinic_info)
    with database.transaction() as session:
        assert stop_texts(session, phone="(801) 555-0123", by=VISITOR, now=NOW) == 1
    sent = send(database, clinic_info, NOW) + send(database, clinic_info, call.due_at - timedelta(hours=2))
    assert {one.channel for one in sent} == {"email"}
    with database.transaction() as session:
        assert stop_texts(session, phone=PHONE, by=VISITOR, now=NOW) == 0


@pytest.mark.parametrize(
    "words",
    ["stop texting me", "please stop the texts", "no more text messages", "unsubscribe me from texts",
     "don't text me again", "take me off the list", "no me manden mensajes", "quit sending me sms"],
)  # fmt: skip
def test_any_reasonable_stop_is_one(words: str) -> None:
    assert is_stop(words)


@pytest.mark.parametrize("words", ["STOP", "stop", "End", "quit", "CANCEL", "unsubscribe", "revoke", "opt out", "alto"])
def test_a_text_of_one_such_word_is_a_stop(words: str) -> None:
    assert is_stop(words, as_text=True)


@pytest.mark.parametrize(
    "words", ["stop", "can i stop ketamine", "does it stop depression", "call me", "end of the week"]
)
def test_other_words_in_the_chat_are_none(words: str) -> None:
    assert not is_stop(words)


@pytest.mark.parametrize(
    ("phone", "utc", "allowed"),
    [
        ("+18015550123", "2026-11-24T14:30", "2026-11-24T15:00"),  # 7:30 in Denver
        ("+18015550123", "2026-11-24T15:00", "2026-11-24T15:00"),
        ("+18015550123", "2026-11-25T03:59", "2026-11-25T03:59"),  # 20:59
        ("+18015550123", "2026-11-25T04:00", "2026-11-25T15:00"),  # 21:00
        ("+12125550123", "2026-11-25T02:30", "2026-11-25T15:00"),  # New York has 21:30 then
        ("+13105550123", "2026-11-24T15:30", "2026-11-24T16:00"),  # Los Angeles has 7:30 then
        ("+18015550123", "2026-03-08T13:30", "2026-03-08T14:00"),  # on the day clocks go forward
    ],
)
def test_texts_go_out_from_8_am_to_9_pm_where_the_phone_lives(
    clinic_info: ClinicInfo, phone: str, utc: str, allowed: str
) -> None:
    at, expected = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (utc, allowed))
    assert next_text_time(at, phone, clinic_info) == expected


def test_at_night_a_text_waits_and_an_email_does_not(database: Database, clinic_info: ClinicInfo) -> None:
    a_call(database, clinic_info)
    night = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    assert {one.channel for one in send(database, clinic_info, night)} == {"email"}
    assert {one.channel for one in send(database, clinic_info, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))} == {"sms"}


class TestCalendarFile:
    def read(self, database: Database, clinic: ClinicInfo, call: Appointment) -> Any:
        with database.reading() as session:
            file = calendar_file(session.get_one(Appointment, call.id), clinic=clinic, url=URL)
        assert file is not None
        [event] = icalendar.Calendar.from_ical(file).walk("VEVENT")
        return event

    def test_it_parses_and_keeps_its_uid_through_every_change(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        call = a_call(database, clinic_info, hour=9)
        booked = self.read(database, clinic_info, call)
        seen = [booked]
        for hour in (10, 11):
            with database.transaction() as session:
                found = session.get_one(Appointment, call.id)
                move_call(session, found, slot(clinic_info, hour), clinic=clinic_info, by=VISITOR, now=NOW)
            seen.append(self.read(database, clinic_info, call))
        with database.transaction() as session:
            cancel_call(session, session.get_one(Appointment, call.id), clinic=clinic_info, by=VISITOR, now=NOW)
        seen.append(self.read(database, clinic_info, call))
        assert {str(one["UID"]) for one in seen} == {str(booked["UID"])}
        assert [int(one["SEQUENCE"]) for one in seen] == [0, 1, 2, 3]
        assert [str(one["STATUS"]) for one in seen] == ["CONFIRMED"] * 3 + ["CANCELLED"]
        assert [one["DTSTART"].dt for one in seen[:3]] == [slot(clinic_info, hour).starts_at for hour in (9, 10, 11)]


def test_a_message_is_planned_once_for_each_state_of_a_call(database: Database, clinic_info: ClinicInfo) -> None:
    call = a_call(database, clinic_info)
    with database.transaction() as session:
        plan(session, session.get_one(Appointment, call.id), "booked", clinic=clinic_info, now=NOW)
    with database.reading() as session:
        rows = session.scalars(select(OutboxMessage)).all()
    assert len(rows) == len({(one.kind, one.channel, one.sequence) for one in rows}) == 4
