"""What staff do with calls: each change is theirs, is audited under their id, and reaches the visitor."""

from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from clinic.audit import AuditEntry
from clinic.booking import desk, export, hours
from clinic.booking.book import Caller
from clinic.booking.calendar import is_holiday, read_calendar
from clinic.booking.claims import SlotTaken
from clinic.booking.models import Outcome
from clinic.db import Database
from clinic.errors import Conflict, InvalidInput, NotFound
from clinic.models import Appointment, Message
from clinic.settings import ClinicInfo
from tests.unit.calls import ask, book, slot, window
from tests.unit.chats import NOW, start

STAFF = "staff-1"
TUESDAY = date(2026, 11, 24)


def trail(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        rows = session.execute(select(AuditEntry.tag, AuditEntry.actor).order_by(AuditEntry.id)).all()
    return [(tag, actor) for tag, actor in rows if tag.startswith("console:")]


def starts(database: Database, clinic: ClinicInfo, day: date = TUESDAY) -> list[str]:
    with database.reading() as session:
        calendar = read_calendar(session, clinic=clinic, now=NOW)
        free = calendar.free(calendar.everything())
    local = [one.starts_at.astimezone(clinic.zone) for one in free]
    return [f"{one:%H:%M}" for one in local if one.date() == day]


def test_a_request_gets_a_time_and_the_visitor_reads_it(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    call = ask(database, clinic_info, chat, window(clinic_info)).appointment
    with database.reading() as session:
        assert [one.appointment.id for one in desk.waiting(session, now=NOW)] == [call.id]
    with database.transaction() as session:
        desk.confirm(session, call.reference, slot(clinic_info, 10), actor=STAFF, clinic=clinic_info, now=NOW)
    with database.reading() as session:
        assert desk.waiting(session, now=NOW) == []
        [notice] = session.scalars(select(Message).where(Message.role == "notice")).all()
    assert "10:00 AM" in notice.text
    assert call.reference in notice.text
    assert trail(database) == [("console:appointment:confirmed", STAFF)]


def test_a_call_that_has_a_time_is_not_confirmed_again(database: Database, clinic_info: ClinicInfo) -> None:
    call = book(database, clinic_info, None, slot(clinic_info)).appointment
    with pytest.raises(Conflict), database.transaction() as session:
        desk.confirm(session, call.reference, slot(clinic_info, 10), actor=STAFF, clinic=clinic_info, now=NOW)


def test_staff_move_and_cancel_a_call_and_never_onto_another(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    call = book(database, clinic_info, chat, slot(clinic_info)).appointment
    book(database, clinic_info, None, slot(clinic_info, 11), caller=Caller("Bo", "+13855550123"))
    with pytest.raises(SlotTaken), database.transaction() as session:
        desk.move(session, call.reference, slot(clinic_info, 11), actor=STAFF, clinic=clinic_info, now=NOW)
    with database.transaction() as session:
        moved = desk.move(session, call.reference, slot(clinic_info, 12), actor=STAFF, clinic=clinic_info, now=NOW)
        assert (moved.sequence, moved.starts_at) == (1, slot(clinic_info, 12).starts_at)
    with database.transaction() as session:
        desk.cancel(session, call.reference, actor=STAFF, clinic=clinic_info, now=NOW)
    assert [tag for tag, _ in trail(database)] == ["console:appointment:moved", "console:appointment:cancelled"]
    with database.reading() as session:
        assert len(session.scalars(select(Message).where(Message.role == "notice")).all()) == 2


def test_today_and_the_week_are_the_clinic_s_local_days(database: Database, clinic_info: ClinicInfo) -> None:
    for number, (day, hour) in enumerate([(24, 16), (24, 9), (25, 9), (30, 9)]):
        caller = Caller("Bo", f"+1801555{number:04}")
        book(database, clinic_info, None, slot(clinic_info, hour, day=day), caller=caller)
    midnight = slot(clinic_info, 9).starts_at - timedelta(hours=8)  # Tuesday 01:00, Tuesday in UTC as well
    with database.reading() as session:
        today = desk.today(session, clinic=clinic_info, now=midnight)
        week = desk.week(session, clinic=clinic_info, now=NOW)
        assert [one.appointment.starts_at for one in today] == [slot(clinic_info, hour).starts_at for hour in (9, 16)]
        assert len(week) == 3
        assert desk.today(session, clinic=clinic_info, now=midnight - timedelta(hours=2)) == []


def test_an_outcome_closes_a_call_only_where_the_person_was_reached(
    database: Database, clinic_info: ClinicInfo
) -> None:
    call = book(database, clinic_info, None, slot(clinic_info)).appointment
    after = call.due_at + timedelta(minutes=1)
    with database.reading() as session:
        [listed] = desk.waiting(session, now=after)
        assert listed.overdue
    with database.transaction() as session:
        state = desk.record_outcome(session, call.reference, Outcome.voicemail, actor=STAFF, now=after).state
        assert state == "confirmed"
    with database.transaction() as session:
        state = desk.record_outcome(session, call.reference, Outcome.reached, actor=STAFF, now=after).state
        assert state == "completed"
    with database.reading() as session:
        assert desk.waiting(session, now=after) == []
    with pytest.raises(Conflict), database.transaction() as session:
        desk.no_show(session, call.reference, actor=STAFF, now=after)


def test_who_is_reached_before_the_time_gives_it_back(database: Database, clinic_info: ClinicInfo) -> None:
    call = book(database, clinic_info, None, slot(clinic_info)).appointment
    with database.transaction() as session:
        desk.record_outcome(session, call.reference, Outcome.reached, actor=STAFF, now=NOW)
    another = book(database, clinic_info, None, slot(clinic_info), caller=Caller("Bo", "+13855550123")).appointment
    assert (another.starts_at, another.reference != call.reference) == (call.starts_at, True)


def test_a_request_that_was_just_dialed_is_closed_or_stays(database: Database, clinic_info: ClinicInfo) -> None:
    call = ask(database, clinic_info, None, window(clinic_info)).appointment
    with database.transaction() as session:
        assert (
            desk.record_outcome(session, call.reference, Outcome.no_answer, actor=STAFF, now=NOW).state == "requested"
        )
        assert desk.record_outcome(session, call.reference, Outcome.reached, actor=STAFF, now=NOW).state == "completed"


def test_what_waits_is_counted_and_what_is_late_among_it(database: Database, clinic_info: ClinicInfo) -> None:
    booked = book(database, clinic_info, None, slot(clinic_info)).appointment
    ask(database, clinic_info, None, window(clinic_info, 13), caller=Caller("Bo", "+13855550123"))
    with database.reading() as session:
        assert desk.count_due(session, now=NOW) == (1, 0)
        assert desk.count_due(session, now=booked.due_at + timedelta(minutes=1)) == (2, 1)
        assert desk.count_due(session, now=booked.due_at + timedelta(days=1)) == (2, 2)


def test_the_next_call_is_the_first_that_nobody_has_tried_and_whose_time_is_not_over(
    database: Database, clinic_info: ClinicInfo
) -> None:
    first = book(database, clinic_info, None, slot(clinic_info)).appointment
    at = slot(clinic_info, 11, provider="aprn-2")
    second = book(database, clinic_info, None, at, caller=Caller("Bo", "+13855550123")).appointment

    def coming(now: datetime, provider: str | None = None) -> int | None:
        with database.reading() as session:
            found = desk.next_call(session, now=now, provider=provider)
        return found and found.id

    assert (coming(NOW), coming(NOW, "aprn-2")) == (first.id, second.id)
    assert coming(first.due_at - timedelta(minutes=1)) == first.id
    assert coming(first.due_at) == second.id
    with database.transaction() as session:
        desk.record_outcome(session, first.reference, Outcome.no_answer, actor=STAFF, now=NOW)
    assert coming(NOW) == second.id


def test_staff_see_each_provider_s_free_times_also_those_within_the_notice(
    database: Database, clinic_info: ClinicInfo
) -> None:
    book(database, clinic_info, None, slot(clinic_info, 10))
    now = slot(clinic_info, 9).starts_at - timedelta(minutes=1)
    with database.reading() as session:
        calendar = read_calendar(session, clinic=clinic_info, now=now)
        [one, two] = desk.free_days(calendar, first=TUESDAY, days=30, most=2)
    assert (one.day, two.day) == (TUESDAY, TUESDAY + timedelta(days=1))
    times = {provider: [at.starts_at for at in slots] for provider, slots in one.providers}
    assert times["aprn-1"][0] == slot(clinic_info, 9).starts_at
    assert slot(clinic_info, 10).starts_at not in times["aprn-1"]
    assert slot(clinic_info, 10).starts_at in times["aprn-2"]


def test_every_change_makes_another_version(database: Database, clinic_info: ClinicInfo) -> None:
    call = ask(database, clinic_info, None, window(clinic_info)).appointment
    seen = [desk.version_of(call)]
    with database.transaction() as session:
        for hour in (10, 11):
            step = desk.confirm if hour == 10 else desk.move
            moved = step(session, call.reference, slot(clinic_info, hour), actor=STAFF, clinic=clinic_info, now=NOW)
            seen.append(desk.version_of(moved))
        tried = desk.record_outcome(session, call.reference, Outcome.no_answer, actor=STAFF, now=NOW)
        seen.append(desk.version_of(tried))
    assert len(set(seen)) == 4


def test_nobody_is_a_no_show_before_the_time(database: Database, clinic_info: ClinicInfo) -> None:
    call = book(database, clinic_info, None, slot(clinic_info)).appointment
    with pytest.raises(Conflict), database.transaction() as session:
        desk.no_show(session, call.reference, actor=STAFF, now=NOW)
    with database.transaction() as session:
        assert desk.no_show(session, call.reference, actor=STAFF, now=call.due_at).state == "no_show"


def test_notes_are_kept_with_the_call_and_their_words_not_in_the_trail(
    database: Database, clinic_info: ClinicInfo
) -> None:
    call = book(database, clinic_info, None, slot(clinic_info)).appointment
    with database.transaction() as session:
        desk.add_note(session, call.reference, " likes mornings ", actor=STAFF, now=NOW)
    with pytest.raises(InvalidInput), database.transaction() as session:
        desk.add_note(session, call.reference, "  ", actor=STAFF, now=NOW)
    with database.reading() as session:
        [listed] = desk.today(session, clinic=clinic_info, now=slot(clinic_info).starts_at)
        assert [note.text for note in listed.notes] == ["likes mornings"]
        details = str(session.scalars(select(AuditEntry.details)).all())
    assert "mornings" not in details


def test_an_export_is_audited_and_holds_no_formula(database: Database, clinic_info: ClinicInfo) -> None:
    book(database, clinic_info, None, slot(clinic_info), caller=Caller("=1+1", "+18015550123"))
    with database.transaction() as session:
        rows = export.export_rows(session, first=TUESDAY, last=TUESDAY, actor=STAFF, clinic=clinic_info, now=NOW)
    assert [(row["name"], row["phone"]) for row in rows] == [("=1+1", "+18015550123")]
    assert "'=1+1,'+18015550123" in export.as_csv(rows)
    assert trail(database) == [("console:appointments:export", STAFF)]


class TestHours:
    def set(self, database: Database, clinic: ClinicInfo, provider: str, week: dict) -> None:  # type: ignore[type-arg]
        with database.transaction() as session:
            hours.set_hours(session, provider, week, actor=STAFF, clinic=clinic, now=NOW)

    def test_a_provider_s_hours_decide_on_what_is_offered(self, database: Database, clinic_info: ClinicInfo) -> None:
        self.set(database, clinic_info, "aprn-1", {"tuesday": [(time(9), time(10)), (time(13, 15), time(14, 30))]})
        self.set(database, clinic_info, "aprn-2", {})
        assert starts(database, clinic_info) == ["09:00", "09:30", "13:30", "14:00"]
        assert starts(database, clinic_info, date(2026, 11, 25)) == []

    def test_hours_that_overlap_or_run_backwards_are_refused(self, database: Database, clinic_info: ClinicInfo) -> None:
        for wrong in ([(time(10), time(9))], [(time(9), time(12)), (time(11), time(13))]):
            with pytest.raises(InvalidInput):
                self.set(database, clinic_info, "aprn-1", {"tuesday": wrong})
        with pytest.raises(NotFound):
            self.set(database, clinic_info, "nobody", {})

    def test_changed_hours_stay_when_clinic_yml_is_read_again(
        self, database: Database, clinic_info: ClinicInfo
    ) -> None:
        self.set(database, clinic_info, "aprn-1", {"tuesday": [(time(9), time(10))]})
        with database.transaction() as session:
            [first, _] = hours.providers(session, clinic=clinic_info)
            assert first.hours == {"tuesday": [["09:00", "10:00"]]}

    def test_an_exception_closes_a_day_or_opens_a_holiday(self, database: Database, clinic_info: ClinicInfo) -> None:
        thanksgiving = date(2026, 11, 26)
        assert is_holiday(thanksgiving, "US-UT")
        assert starts(database, clinic_info, thanksgiving) == []
        with database.transaction() as session:
            for day, ranges in ((TUESDAY, []), (thanksgiving, [(time(9), time(10))])):
                hours.set_exception(session, day, ranges, provider_id=None, actor=STAFF, clinic=clinic_info, now=NOW)
        assert starts(database, clinic_info) == []
        assert starts(database, clinic_info, thanksgiving) == ["09:00", "09:30"]
        with database.transaction() as session:
            hours.clear_exception(session, TUESDAY, provider_id=None, actor=STAFF, now=NOW)
        assert starts(database, clinic_info)[0] == "09:00"

    def test_one_provider_s_day_off_leaves_the_other_s_times(self, database: Database, clinic_info: ClinicInfo) -> None:
        call = book(database, clinic_info, None, slot(clinic_info, 9)).appointment
        with database.transaction() as session:
            hours.set_exception(session, TUESDAY, [], provider_id="aprn-1", actor=STAFF, clinic=clinic_info, now=NOW)
            assert [one.id for one in hours.affected(session, clinic=clinic_info, now=NOW)] == [call.id]
        assert starts(database, clinic_info)[0] == "09:00"
        with database.reading() as session:
            assert session.get_one(Appointment, call.id).state == "confirmed"
