"""A request for a call is stored once, under a reference that can be read out."""

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from clinic.booking.preferred_time import Window
from clinic.booking.request import Requested, list_appointments, request_call
from clinic.db import Database
from clinic.models import Appointment, AppointmentState
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW, start

PHONE = "+18015550123"


def window(clinic: ClinicInfo, hour: int = 9) -> Window:
    starts_at = datetime(2026, 11, 24, hour, tzinfo=clinic.zone)
    return Window(starts_at, starts_at + timedelta(hours=3))


def ask(
    database: Database, conversation_id: str, window: Window, *, phone: str = PHONE, name: str = "Anna"
) -> Requested:
    with database.transaction() as session:
        return request_call(
            session,
            conversation_id=conversation_id,
            first_name=name,
            phone=phone,
            window=window,
            consent_wording="call-consent-1",
            now=NOW,
        )


def listed(database: Database, *, include_closed: bool = False) -> list[dict[str, str | None]]:
    with database.reading() as session:
        return list_appointments(session, include_closed=include_closed)


def close(database: Database, made: Requested, state: AppointmentState) -> None:
    with database.transaction() as session:
        session.get_one(Appointment, made.appointment.id).state = state


def test_a_request_is_stored_as_requested_and_due_when_its_window_ends(
    database: Database, clinic_info: ClinicInfo
) -> None:
    chat, _ = start(database, clinic_info)
    asked = window(clinic_info)
    made = ask(database, chat, asked)
    with database.reading() as session:
        stored = session.get_one(Appointment, made.appointment.id)
    assert made.is_new
    assert (stored.state, stored.provider, stored.starts_at) == ("requested", None, None)
    assert (stored.window_starts_at, stored.window_ends_at, stored.due_at) == (
        asked.starts_at,
        asked.ends_at,
        asked.ends_at,
    )
    assert (stored.first_name, stored.phone, stored.consented_at) == ("Anna", PHONE, NOW)


def test_the_same_request_again_gives_the_first_one(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    first = ask(database, chat, window(clinic_info))
    again = ask(database, chat, window(clinic_info), name="Ann")
    assert not again.is_new
    assert again.appointment.reference == first.appointment.reference
    assert len(listed(database)) == 1


def test_the_same_moment_in_another_zone_is_the_same_request(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    ask(database, chat, window(clinic_info))
    utc = Window(
        *(moment.astimezone(NOW.tzinfo) for moment in (window(clinic_info).starts_at, window(clinic_info).ends_at))
    )
    assert not ask(database, chat, utc).is_new


def test_another_window_is_another_request(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    ask(database, chat, window(clinic_info))
    assert ask(database, chat, window(clinic_info, hour=13)).is_new


def test_another_phone_is_another_request(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    ask(database, chat, window(clinic_info))
    assert ask(database, chat, window(clinic_info), phone="+13855550123").is_new


def test_another_conversation_is_another_request(database: Database, clinic_info: ClinicInfo) -> None:
    (one, _), (other, _) = start(database, clinic_info), start(database, clinic_info)
    ask(database, one, window(clinic_info))
    assert ask(database, other, window(clinic_info)).is_new


@pytest.mark.parametrize("state", [AppointmentState.completed, AppointmentState.no_show, AppointmentState.cancelled])
def test_after_a_closed_one_the_same_request_is_new(
    database: Database, clinic_info: ClinicInfo, state: AppointmentState
) -> None:
    chat, _ = start(database, clinic_info)
    close(database, ask(database, chat, window(clinic_info)), state)
    assert ask(database, chat, window(clinic_info)).is_new


def test_a_confirmed_one_is_not_asked_for_twice(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    close(database, ask(database, chat, window(clinic_info)), AppointmentState.confirmed)
    assert not ask(database, chat, window(clinic_info)).is_new


def test_a_window_that_ends_before_it_starts_cannot_be_stored(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    asked = window(clinic_info)
    with pytest.raises(IntegrityError):
        ask(database, chat, Window(asked.ends_at, asked.starts_at))


def test_references_are_unique_and_have_no_signs_that_sound_or_look_alike(
    database: Database, clinic_info: ClinicInfo
) -> None:
    chat, _ = start(database, clinic_info)
    references = [
        ask(database, chat, window(clinic_info), phone=f"+1801555{n:04}").appointment.reference for n in range(60)
    ]
    assert len(set(references)) == 60
    assert all(re.fullmatch(r"LC-[2-9A-HJKMNP-Z]{6}", reference) for reference in references)


def test_the_list_gives_times_in_utc_with_a_z(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    ask(database, chat, window(clinic_info))
    (row,) = listed(database)
    assert row["window_starts_at"] == "2026-11-24T16:00:00Z"
    assert row["window_ends_at"] == row["due_at"] == "2026-11-24T19:00:00Z"
    assert row["requested_at"] == "2026-11-23T17:30:00Z"
    assert row["starts_at"] is None


def test_the_list_holds_no_name_and_no_phone(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    ask(database, chat, window(clinic_info), name="Zebedee")
    assert "Zebedee" not in str(listed(database))
    assert PHONE not in str(listed(database))


def test_the_list_is_soonest_due_first(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    late = ask(database, chat, window(clinic_info, hour=13)).appointment.reference
    soon = ask(database, chat, window(clinic_info, hour=9)).appointment.reference
    assert [row["reference"] for row in listed(database)] == [soon, late]


def test_closed_ones_are_listed_only_when_asked_for(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    close(database, ask(database, chat, window(clinic_info)), AppointmentState.cancelled)
    assert listed(database) == []
    assert [row["state"] for row in listed(database, include_closed=True)] == ["cancelled"]
