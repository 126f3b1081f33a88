"""Acknowledgements expire, follow-ups fall due, and a visitor who waits two minutes for staff is not left alone."""

from datetime import datetime

import pytest

from clinic.db import Database
from clinic.handoff import staff_side
from clinic.handoff.timers import run_timers
from clinic.models import Escalation
from clinic.settings import ClinicInfo
from clinic.staff.models import Staff
from tests.unit.chats import NOW
from tests.unit.handoffs import after, alerts, chat_of, crisis, employ, notices, visitor_writes


@pytest.fixture
def case(database: Database, clinic_info: ClinicInfo) -> str:
    return crisis(database, clinic_info)


@pytest.fixture
def anna(database: Database) -> Staff:
    return employ(database, "Anna")


@pytest.fixture
def claimed(database: Database, case: str, anna: Staff) -> str:
    with database.transaction() as session:
        staff_side.claim(session, escalation_id=case, staff=anna, now=NOW)
        staff_side.write(session, escalation_id=case, staff=anna, text="I am here", now=NOW)
    return case


def tick(database: Database, now: datetime) -> int:
    with database.transaction() as session:
        return run_timers(session, now=now)


def escalation(database: Database, case: str) -> Escalation:
    with database.reading() as session:
        return session.get_one(Escalation, case)


def calling(database: Database) -> list[str]:
    return [alert.cause for alert in alerts(database) if alert.stopped_at is None]


class TestExpiry:
    def test_after_thirty_minutes_without_activity_staff_are_called_again_and_the_assistant_is_back(
        self, database: Database, claimed: str
    ) -> None:
        assert tick(database, after(minutes=29, seconds=59)) == 0
        assert tick(database, after(minutes=30)) == 1
        row = escalation(database, claimed)
        assert (row.state, row.owner_id, calling(database)) == ("open", None, ["lapsed"])
        with database.reading() as session:
            assert chat_of(session, claimed).state == "waiting"
        assert "Nobody from the clinic has written or looked here" in notices(database, claimed)[-1]

    def test_activity_of_the_owner_puts_it_off(self, database: Database, claimed: str, anna: Staff) -> None:
        with database.transaction() as session:
            staff_side.touch(session, escalation_id=claimed, staff=anna, now=after(minutes=20))
        assert tick(database, after(minutes=49)) == 0
        assert tick(database, after(minutes=50)) == 1

    def test_an_acknowledgement_without_a_claim_expires_too(self, database: Database, case: str, anna: Staff) -> None:
        with database.transaction() as session:
            staff_side.acknowledge(session, escalation_id=case, staff=anna, now=NOW)
        tick(database, after(minutes=30))
        assert (escalation(database, case).state, calling(database)) == ("open", ["lapsed"])
        assert "trying to reach clinic staff again" in notices(database, case)[-1]

    def test_it_happens_once(self, database: Database, claimed: str) -> None:
        tick(database, after(minutes=30))
        assert tick(database, after(minutes=31)) == 0


class TestFollowUp:
    @pytest.fixture
    def gone(self, database: Database, claimed: str, anna: Staff) -> str:
        with database.transaction() as session:
            staff_side.set_follow_up(session, escalation_id=claimed, staff=anna, at=after(hours=12), now=NOW)
        return claimed

    def test_nobody_is_called_before_it_is_due(self, database: Database, gone: str) -> None:
        assert tick(database, after(hours=11)) == 0
        assert calling(database) == []

    def test_when_it_is_due_staff_are_called(self, database: Database, gone: str) -> None:
        assert tick(database, after(hours=12)) == 1
        assert (escalation(database, gone).follow_up_at, calling(database)) == (None, ["follow_up"])

    def test_a_visitor_who_comes_back_is_not_left_waiting(self, database: Database, gone: str) -> None:
        visitor_writes(database, gone, now=after(hours=1))
        assert tick(database, after(hours=1, minutes=2)) == 1
        assert calling(database) == ["unanswered"]


class TestUnanswered:
    def test_after_two_minutes_staff_are_called_again_and_the_visitor_reads_the_resources(
        self, database: Database, claimed: str
    ) -> None:
        visitor_writes(database, claimed, now=after(minutes=5))
        assert tick(database, after(minutes=6, seconds=59)) == 0
        assert tick(database, after(minutes=7)) == 1
        assert calling(database) == ["unanswered"]
        assert "988" in notices(database, claimed)[-1]
        assert escalation(database, claimed).owner_id is not None

    def test_once_for_what_the_visitor_waits_for(self, database: Database, claimed: str) -> None:
        visitor_writes(database, claimed, now=after(minutes=5))
        visitor_writes(database, claimed, now=after(minutes=6))
        tick(database, after(minutes=7))
        assert tick(database, after(minutes=9)) == 0

    def test_an_answer_stops_the_call(self, database: Database, claimed: str, anna: Staff) -> None:
        visitor_writes(database, claimed, now=after(minutes=5))
        tick(database, after(minutes=7))
        with database.transaction() as session:
            staff_side.write(session, escalation_id=claimed, staff=anna, text="sorry", now=after(minutes=8))
        assert calling(database) == []
        visitor_writes(database, claimed, now=after(minutes=10))
        assert tick(database, after(minutes=12)) == 1

    def test_an_answered_message_waits_for_nothing(self, database: Database, claimed: str, anna: Staff) -> None:
        visitor_writes(database, claimed, now=after(minutes=5))
        with database.transaction() as session:
            staff_side.write(session, escalation_id=claimed, staff=anna, text="yes", now=after(minutes=6))
        assert tick(database, after(minutes=9)) == 0

    def test_staff_who_join_and_write_nothing_leave_the_visitor_waiting(
        self, database: Database, case: str, anna: Staff
    ) -> None:
        with database.transaction() as session:
            staff_side.claim(session, escalation_id=case, staff=anna, now=after(minutes=1))
        assert tick(database, after(minutes=2)) == 0
        assert tick(database, after(minutes=3)) == 1
        assert tick(database, after(minutes=5)) == 0
