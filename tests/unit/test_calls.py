"""A call is requested, booked, moved and cancelled: once, under one reference, with every change in the audit trail."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from clinic.audit import AuditEntry
from clinic.booking.book import By, Caller, cancel_call, find_by_digits, find_call, move_call, open_calls
from clinic.booking.claims import SlotTaken, hold
from clinic.booking.listing import list_appointments
from clinic.booking.models import SlotClaim
from clinic.booking.preferred_time import Window
from clinic.booking.spoken import with_outcome
from clinic.chat.conversations import add_visitor_message
from clinic.chat.reply import Reply
from clinic.db import Database
from clinic.errors import Conflict, NotFound
from clinic.models import Appointment, AppointmentState, Message
from clinic.settings import ClinicInfo
from tests.unit.calls import PHONE, VISITOR, ask, book, slot, window
from tests.unit.chats import NOW, conversation_of, start


def listed(database: Database, *, include_closed: bool = False, now=NOW) -> list[dict[str, str | bool | None]]:
    with database.reading() as session:
        return list_appointments(session, now=now, include_closed=include_closed)


def tags(database: Database) -> list[str]:
    with database.reading() as session:
        return [
            tag.removeprefix("chat:appointment:")
            for tag in session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id))
        ]


def move(database: Database, clinic: ClinicInfo, call: Appointment, hour: int) -> Appointment:
    with database.transaction() as session:
        found = session.get_one(Appointment, call.id)
        return move_call(session, found, slot(clinic, hour), clinic=clinic, by=VISITOR, now=NOW)


def cancel(database: Database, clinic: ClinicInfo, call: Appointment, by: By = VISITOR) -> None:
    with database.transaction() as session:
        cancel_call(session, session.get_one(Appointment, call.id), clinic=clinic, by=by, now=NOW)


def claims(database: Database) -> int:
    with database.reading() as session:
        return len(session.scalars(select(SlotClaim)).all())


class TestRequest:
    def test_it_has_an_owner_and_is_due_when_its_window_ends(self, database: Database, clinic_info: ClinicInfo) -> None:
        chat, _ = start(database, clinic_info)
        made = ask(database, clinic_info, chat, window(clinic_info))
        call = made.appointment
        assert made.what == "new"
        assert (call.state, call.owner, call.starts_at) == ("requested", "appointments", None)
        assert call.due_at == window(clinic_info).ends_at
        assert tags(database) == ["requested"]

    def test_the_same_again_gives_the_first_one(self, database: Database, clinic_info: ClinicInfo) -> None:
        chat, _ = start(database, clinic_info)
        first = ask(database, clinic_info, chat, window(clinic_info))
        again = ask(database, clinic_info, chat, window(clinic_info))
        assert (again.what, again.appointment.reference) == ("same", first.appointment.reference)
        assert len(listed(database)) == 1

    def test_another_window_phone_or_conversation_is_another_request(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        (chat, _), (other, _) = start(database, clinic_info), start(database, clinic_info)
        ask(database, clinic_info, chat, window(clinic_info))
        assert ask(database, clinic_info, chat, window(clinic_info, 13)).what == "new"
        assert ask(database, clinic_info, other, window(clinic_info)).what == "new"
        someone_else = Caller(first_name="Bo", phone="+13855550123")
        assert ask(database, clinic_info, chat, window(clinic_info), caller=someone_else).what == "new"

    def test_a_window_that_ends_before_it_starts_cannot_be_stored(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        asked = window(clinic_info)
        with pytest.raises(IntegrityError):
            ask(database, clinic_info, None, Window(asked.ends_at, asked.starts_at))

    def test_it_is_overdue_once_its_time_is_over(self, database: Database, clinic_info: ClinicInfo) -> None:
        ask(database, clinic_info, None, window(clinic_info))
        late = window(clinic_info).ends_at + timedelta(minutes=1)
        assert [row["overdue"] for row in listed(database)] == [False]
        assert [row["overdue"] for row in listed(database, now=late)] == [True]

    def test_it_gets_a_time_and_keeps_its_reference(self, database: Database, clinic_info: ClinicInfo) -> None:
        call = ask(database, clinic_info, None, window(clinic_info)).appointment
        moved = move(database, clinic_info, call, 10)
        assert (moved.state, moved.owner, moved.sequence) == ("confirmed", None, 0)
        assert (moved.reference, moved.starts_at) == (call.reference, slot(clinic_info, 10).starts_at)
        assert tags(database) == ["requested", "confirmed"]


class TestBooking:
    def test_a_booked_slot_is_confirmed_and_taken(self, database: Database, clinic_info: ClinicInfo) -> None:
        chat, _ = start(database, clinic_info)
        at = slot(clinic_info)
        call = book(database, clinic_info, chat, at).appointment
        assert (call.state, call.provider, call.starts_at, call.ends_at) == (
            "confirmed", "aprn-1", at.starts_at, at.ends_at,
        )  # fmt: skip
        assert (call.full_name, call.phone, call.due_at) == ("Anna Quillfeather", PHONE, at.ends_at)
        with pytest.raises(SlotTaken):
            book(database, clinic_info, None, at, caller=Caller(first_name="Bo", phone="+13855550123"))
        assert len(listed(database)) == 1

    def test_the_other_provider_has_the_same_time(self, database: Database, clinic_info: ClinicInfo) -> None:
        book(database, clinic_info, None, slot(clinic_info))
        assert book(database, clinic_info, None, slot(clinic_info, provider="aprn-2")).what == "new"

    @pytest.mark.parametrize(
        ("hour", "minute", "day"), [(8, 0, 24), (17, 0, 24), (9, 10, 24), (9, 0, 26), (9, 0, 28), (9, 0, 23)]
    )
    def test_a_slot_that_is_not_offered_cannot_be_booked(
        self, database: Database, clinic_info: ClinicInfo, hour: int, minute: int, day: int
    ) -> None:
        """Before and after hours, off the grid, on Thanksgiving, on a Saturday, in the past."""
        with pytest.raises(SlotTaken):
            book(database, clinic_info, None, slot(clinic_info, hour, minute, day=day))
        assert (listed(database), claims(database)) == ([], 0)

    def test_somebody_s_hold_is_theirs_until_it_is_over(self, database: Database, clinic_info: ClinicInfo) -> None:
        with database.transaction() as session:
            until = hold(session, slot(clinic_info), holder="them", clinic=clinic_info, now=NOW)
        with pytest.raises(SlotTaken):
            book(database, clinic_info, None, slot(clinic_info))
        assert book(database, clinic_info, None, slot(clinic_info), now=until).what == "new"

    def test_booking_again_moves_the_call_and_keeps_its_reference(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        chat, _ = start(database, clinic_info)
        first = book(database, clinic_info, chat, slot(clinic_info, 9)).appointment
        made = book(database, clinic_info, chat, slot(clinic_info, 10))
        assert (made.what, made.appointment.reference, made.appointment.sequence) == ("moved", first.reference, 1)
        assert claims(database) == 1
        assert tags(database) == ["requested", "confirmed", "moved"]

    def test_booking_the_very_same_changes_nothing(self, database: Database, clinic_info: ClinicInfo) -> None:
        chat, _ = start(database, clinic_info)
        book(database, clinic_info, chat, slot(clinic_info))
        made = book(database, clinic_info, chat, slot(clinic_info))
        assert (made.what, made.appointment.sequence, claims(database)) == ("same", 0, 1)

    def test_references_have_no_signs_that_sound_or_look_alike(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        made = [
            ask(database, clinic_info, None, window(clinic_info), caller=Caller("Bo", f"+1801555{n:04}"))
            for n in range(30)
        ]
        references = {one.appointment.reference for one in made}
        assert len(references) == 30
        assert all(re.fullmatch(r"LC-[2-9A-HJKMNP-Z]{6}", one) for one in references)


class TestMovingAndCancelling:
    def test_a_moved_call_frees_its_old_slot(self, database: Database, clinic_info: ClinicInfo) -> None:
        call = book(database, clinic_info, None, slot(clinic_info, 9)).appointment
        moved = move(database, clinic_info, call, 11)
        assert (moved.reference, moved.sequence, moved.state) == (call.reference, 1, "confirmed")
        assert book(database, clinic_info, None, slot(clinic_info, 9)).what == "new"

    def test_a_move_to_a_taken_slot_leaves_everything_as_it_was(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        call = book(database, clinic_info, None, slot(clinic_info, 9)).appointment
        book(database, clinic_info, None, slot(clinic_info, 11), caller=Caller("Bo", "+13855550123"))
        with pytest.raises(SlotTaken):
            move(database, clinic_info, call, 11)
        with database.reading() as session:
            assert session.get_one(Appointment, call.id).starts_at == slot(clinic_info, 9).starts_at
        assert claims(database) == 2

    def test_a_cancelled_call_frees_its_slot_and_stays_cancelled(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        call = book(database, clinic_info, None, slot(clinic_info)).appointment
        for _ in range(2):
            cancel(database, clinic_info, call)
        assert (listed(database), claims(database)) == ([], 0)
        assert [row["state"] for row in listed(database, include_closed=True)] == ["cancelled"]
        assert tags(database) == ["requested", "confirmed", "cancelled"]
        with pytest.raises(Conflict):
            move(database, clinic_info, call, 10)

    @pytest.mark.parametrize("state", [AppointmentState.completed, AppointmentState.no_show])
    def test_what_is_over_is_not_cancelled(
        self, database: Database, clinic_info: ClinicInfo, state: AppointmentState
    ) -> None:
        call = book(database, clinic_info, None, slot(clinic_info)).appointment
        with database.transaction() as session:
            session.get_one(Appointment, call.id).state = state
        with pytest.raises(Conflict):
            cancel(database, clinic_info, call)


class TestFinding:
    @pytest.mark.parametrize("written", ["{}", "{} ", "lower"])
    def test_a_reference_is_found_however_it_is_written(
        self, database: Database, clinic_info: ClinicInfo, written: str
    ) -> None:
        call = book(database, clinic_info, None, slot(clinic_info)).appointment
        words = call.reference.lower().replace("-", " ") if written == "lower" else written.format(call.reference)
        with database.reading() as session:
            assert find_call(session, words, lock=False).id == call.id

    def test_from_another_chat_the_last_four_digits_are_needed_too(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        call = book(database, clinic_info, None, slot(clinic_info)).appointment
        with database.reading() as session:
            assert find_by_digits(session, f"it is {call.reference} and 0123").id == call.id
            for words in (call.reference, f"{call.reference} 0124", "LC-ABC234 0123", "0123", ""):
                with pytest.raises(NotFound):
                    find_by_digits(session, words)

    def test_a_conversation_s_open_calls_are_its_own(self, database: Database, clinic_info: ClinicInfo) -> None:
        (chat, _), (other, _) = start(database, clinic_info), start(database, clinic_info)
        call = book(database, clinic_info, chat, slot(clinic_info)).appointment
        with database.reading() as session:
            assert [one.id for one in open_calls(session, chat)] == [call.id]
            assert open_calls(session, other) == []


class TestAnswered:
    """A visitor is never told that something failed which is stored, nor the other way round."""

    def message(self, database: Database, chat: str) -> int:
        with database.transaction() as session:
            conversation = conversation_of(session, chat)
            return add_visitor_message(session, conversation=conversation, client_id="yes", text="yes", now=NOW).id

    def test_nothing_is_booked_for_a_message_that_has_its_answer(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        chat, _ = start(database, clinic_info)
        message = self.message(database, chat)
        with database.transaction() as session:
            session.get_one(Message, message).answered_at = NOW
        with pytest.raises(Conflict):
            book(database, clinic_info, chat, slot(clinic_info), by=By("chat", message_id=message))
        assert (listed(database), claims(database)) == ([], 0)

    def test_a_reply_that_was_lost_is_replaced_by_what_was_done(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        chat, _ = start(database, clinic_info)
        message = self.message(database, chat)
        by = By("chat", message_id=message)
        call = book(database, clinic_info, chat, slot(clinic_info), by=by).appointment
        with database.reading() as session:
            said = with_outcome(
                session,
                message_id=message,
                replies=[Reply("safe_text", "Something went wrong")],
                clinic=clinic_info,
                url="https://guide.example",
            )
        assert [one.kind for one in said] == ["booking"]
        assert call.reference in said[0].text
        assert "9:00 AM" in said[0].text

    def test_a_reply_that_says_so_stays(self, database: Database, clinic_info: ClinicInfo) -> None:
        chat, _ = start(database, clinic_info)
        message = self.message(database, chat)
        call = book(database, clinic_info, chat, slot(clinic_info), by=By("chat", message_id=message)).appointment
        replies = [Reply("booking", f"Booked, {call.reference}")]
        with database.reading() as session:
            assert with_outcome(session, message_id=message, replies=replies, clinic=clinic_info, url="x") == replies


class TestList:
    def test_it_gives_times_in_utc_with_a_z_and_no_name_or_number(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        book(database, clinic_info, None, slot(clinic_info), caller=Caller("Zebedee", PHONE))
        (row,) = listed(database)
        assert (row["starts_at"], row["requested_at"]) == ("2026-11-24T16:00:00Z", "2026-11-23T17:30:00Z")
        assert {"reference", "state", "provider", "starts_at", "requested_at", "due_at"} <= row.keys()
        assert "Zebedee" not in str(row)
        assert PHONE not in str(row)

    def test_soonest_due_comes_first(self, database: Database, clinic_info: ClinicInfo) -> None:
        late = ask(database, clinic_info, None, window(clinic_info, 13)).appointment.reference
        soon = ask(database, clinic_info, None, window(clinic_info, 9)).appointment.reference
        assert [row["reference"] for row in listed(database)] == [soon, late]
