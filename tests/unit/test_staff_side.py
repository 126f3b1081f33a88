"""What staff do with a handoff: one owner, true lines to the visitor, nothing without the right to it."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from clinic.audit import AuditEntry
from clinic.db import Database
from clinic.errors import Conflict, HeldByAnother, InvalidInput, NotAllowed, NotFound
from clinic.handoff import staff_side
from clinic.handoff.models import FalseAlarm
from clinic.handoff.playbook import playbook
from clinic.handoff.timers import run_timers
from clinic.models import Escalation, Message, Role
from clinic.settings import ClinicInfo
from clinic.staff.models import Staff
from tests.unit.chats import NOW, finding
from tests.unit.handoffs import after, alerts, chat_of, crisis, employ, notices, visitor_writes


@pytest.fixture
def case(database: Database, clinic_info: ClinicInfo) -> str:
    return crisis(database, clinic_info)


@pytest.fixture
def anna(database: Database) -> Staff:
    return employ(database, "Anna")


@pytest.fixture
def ben(database: Database) -> Staff:
    return employ(database, "Ben")


def do(database: Database, step: str, case: str, staff: Staff, **values: Any) -> Any:
    """Run one of the functions in a transaction of its own."""
    with database.transaction() as session:
        arguments = {"escalation_id": case, "staff": staff, "now": NOW} | values
        return getattr(staff_side, step)(session, **arguments)


def escalation(database: Database, case: str) -> Escalation:
    with database.reading() as session:
        return session.get_one(Escalation, case)


def state_of_chat(database: Database, case: str) -> str:
    with database.reading() as session:
        return chat_of(session, case).state


def audit(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(AuditEntry.tag).order_by(AuditEntry.id)))


class TestClaim:
    def test_it_makes_one_owner_and_the_visitor_reads_name_and_title(
        self, database: Database, case: str, anna: Staff
    ) -> None:
        do(database, "claim", case, anna)
        row = escalation(database, case)
        assert (row.owner_id, row.state, row.acknowledged_by, row.staff_active_at) == (
            anna.id,
            "acknowledged",
            anna.id,
            NOW,
        )
        assert state_of_chat(database, case) == "staff"
        [line] = notices(database, case)
        assert "Anna, RN" in line

    def test_who_comes_second_reads_who_has_it(self, database: Database, case: str, anna: Staff, ben: Staff) -> None:
        do(database, "claim", case, anna)
        with pytest.raises(HeldByAnother) as refused:
            do(database, "claim", case, ben)
        assert refused.value.owner == "Anna"
        assert escalation(database, case).owner_id == anna.id

    def test_claiming_twice_says_it_once(self, database: Database, case: str, anna: Staff) -> None:
        do(database, "claim", case, anna)
        do(database, "claim", case, anna)
        assert len(notices(database, case)) == 1
        assert audit(database) == ["console:escalation:claim"]

    def test_it_stops_the_alerts(self, database: Database, case: str, anna: Staff) -> None:
        do(database, "claim", case, anna)
        assert [alert.stopped_at for alert in alerts(database)] == [NOW]

    def test_a_reply_under_way_is_dropped_even_if_it_is_handed_back_at_once(
        self, database: Database, case: str, anna: Staff
    ) -> None:
        with database.reading() as session:
            before = chat_of(session, case).epoch
        do(database, "claim", case, anna)
        with database.reading() as session:
            assert chat_of(session, case).epoch > before

    @pytest.mark.parametrize("rights", [{"crisis_trained": False}, {"is_active": False}])
    def test_only_active_and_crisis_trained_staff_may(
        self, database: Database, case: str, rights: dict[str, bool]
    ) -> None:
        with pytest.raises(NotAllowed):
            do(database, "claim", case, employ(database, "Cleo", **rights))
        assert escalation(database, case).owner_id is None

    def test_a_closed_one_is_a_conflict(self, database: Database, case: str, anna: Staff) -> None:
        do(database, "close", case, anna, reason="duplicate")
        with pytest.raises(Conflict):
            do(database, "claim", case, anna)

    def test_an_unknown_one_is_not_found(self, database: Database, anna: Staff) -> None:
        with pytest.raises(NotFound):
            do(database, "claim", "nothing", anna)


def test_acknowledging_stops_the_alerts_and_says_seen_but_not_joined(
    database: Database, case: str, anna: Staff
) -> None:
    do(database, "acknowledge", case, anna)
    assert escalation(database, case).state == "acknowledged"
    assert alerts(database)[0].stopped_at == NOW
    assert state_of_chat(database, case) == "waiting"
    [line] = notices(database, case)
    assert "has seen" in line
    assert "Anna" not in line


def test_a_second_acknowledgement_says_nothing_again(database: Database, case: str, anna: Staff, ben: Staff) -> None:
    do(database, "acknowledge", case, anna)
    do(database, "acknowledge", case, ben)
    assert len(notices(database, case)) == 1


class TestWriting:
    def test_the_owner_s_words_reach_the_chat_as_staff(self, database: Database, case: str, anna: Staff) -> None:
        do(database, "claim", case, anna)
        message = do(database, "write", case, anna, text=" I am here. ")
        assert (message.role, message.text) == (Role.staff, "I am here.")

    def test_nobody_else_may_write(self, database: Database, case: str, anna: Staff, ben: Staff) -> None:
        with pytest.raises(NotAllowed):
            do(database, "write", case, anna, text="hello")
        do(database, "claim", case, anna)
        with pytest.raises(HeldByAnother):
            do(database, "write", case, ben, text="hello")

    @pytest.mark.parametrize("words", ["  ", "x" * 2_001])
    def test_an_empty_or_overlong_message_is_refused(
        self, database: Database, case: str, anna: Staff, words: str
    ) -> None:
        do(database, "claim", case, anna)
        with pytest.raises(InvalidInput):
            do(database, "write", case, anna, text=words)

    def test_the_audit_names_the_message_and_holds_no_words(self, database: Database, case: str, anna: Staff) -> None:
        do(database, "claim", case, anna)
        message = do(database, "write", case, anna, text="secret words")
        with database.reading() as session:
            entry = session.scalars(select(AuditEntry).where(AuditEntry.tag == "console:escalation:write")).one()
        assert entry.details == {"message": message.id}


class TestLeaving:
    def test_handing_back_with_a_reason_closes_it_and_the_assistant_is_back(
        self, database: Database, case: str, anna: Staff
    ) -> None:
        do(database, "claim", case, anna)
        do(database, "hand_back", case, anna, reason="safe_with_plan")
        row = escalation(database, case)
        assert (row.state, row.close_reason, row.closed_at) == ("closed", "safe_with_plan", NOW)
        assert state_of_chat(database, case) == "assistant"
        assert "Anna from the clinic has left" in notices(database, case)[-1]
        assert "trying" not in notices(database, case)[-1]

    def test_handing_back_without_one_calls_staff_again_and_says_so(
        self, database: Database, case: str, anna: Staff
    ) -> None:
        do(database, "claim", case, anna)
        do(database, "hand_back", case, anna, now=after(minutes=3))
        row = escalation(database, case)
        assert (row.state, row.owner_id) == ("open", None)
        assert state_of_chat(database, case) == "waiting"
        assert [alert.cause for alert in alerts(database) if alert.stopped_at is None] == ["handed_back"]
        assert "trying to reach clinic staff again" in notices(database, case)[-1]

    def test_with_a_time_to_follow_up_nobody_is_called_before(self, database: Database, case: str, anna: Staff) -> None:
        do(database, "claim", case, anna)
        do(database, "set_follow_up", case, anna, at=after(hours=3))
        do(database, "hand_back", case, anna)
        assert [alert for alert in alerts(database) if alert.stopped_at is None] == []
        assert escalation(database, case).state == "acknowledged"

    def test_closing_needs_a_reason_of_the_playbook(self, database: Database, case: str, anna: Staff) -> None:
        with pytest.raises(InvalidInput):
            do(database, "close", case, anna, reason="because")
        assert escalation(database, case).state == "open"

    def test_nobody_closes_what_another_holds(self, database: Database, case: str, anna: Staff, ben: Staff) -> None:
        do(database, "claim", case, anna)
        with pytest.raises(HeldByAnother):
            do(database, "close", case, ben, reason="duplicate")

    def test_a_false_alarm_is_kept_by_ids_for_the_regression_file(
        self, database: Database, case: str, anna: Staff
    ) -> None:
        do(database, "close", case, anna, reason="false_alarm")
        with database.reading() as session:
            row = session.scalars(select(FalseAlarm)).one()
            message = session.get_one(Message, row.message_id)
        assert message.role == Role.visitor
        assert (row.escalation_id, row.reported_by, [entry["rule"] for entry in row.evidence]) == (
            case,
            anna.id,
            ["wish"],
        )


class TestSeverity:
    def test_it_can_be_lowered_quietly(self, database: Database, case: str, anna: Staff) -> None:
        do(database, "acknowledge", case, anna)
        do(database, "change_severity", case, anna, severity="concern")
        assert escalation(database, case).severity == "concern"
        assert [alert for alert in alerts(database) if alert.stopped_at is None] == []

    def test_raised_while_nobody_has_the_chat_it_alerts_again(self, database: Database, case: str, anna: Staff) -> None:
        do(database, "change_severity", case, anna, severity="imminent")
        assert [(a.cause, a.severity) for a in alerts(database) if a.stopped_at is None] == [("raised", "imminent")]

    def test_an_unknown_one_is_refused(self, database: Database, case: str, anna: Staff) -> None:
        with pytest.raises(InvalidInput):
            do(database, "change_severity", case, anna, severity="mild")


def test_a_follow_up_in_the_past_is_refused(database: Database, case: str, anna: Staff) -> None:
    with pytest.raises(InvalidInput):
        do(database, "set_follow_up", case, anna, at=NOW - timedelta(seconds=1))


def test_the_owner_s_activity_is_noted_and_nobody_else_s(
    database: Database, case: str, anna: Staff, ben: Staff
) -> None:
    do(database, "claim", case, anna)
    do(database, "touch", case, ben, now=after(minutes=5))
    assert escalation(database, case).staff_active_at == NOW
    do(database, "touch", case, anna, now=after(minutes=6))
    assert escalation(database, case).staff_active_at == after(minutes=6)


class TestQueue:
    def test_the_urgent_come_first(self, database: Database, clinic_info: ClinicInfo, anna: Staff) -> None:
        quiet, seen, concern, imminent, acute = (
            crisis(database, clinic_info, found=finding(severity))
            for severity in ("imminent", "imminent", "concern", "imminent", "acute")
        )
        do(database, "set_follow_up", quiet, anna, at=after(hours=1))
        do(database, "acknowledge", seen, anna)
        with database.reading() as session:
            rows = staff_side.queue(session, now=after(minutes=1))
        assert [row.escalation_id for row in rows] == [imminent, acute, concern, seen, quiet]
        assert rows[0].age == timedelta(minutes=1)
        assert rows[0].reference == imminent[:6]

    def test_a_closed_one_is_not_in_it(self, database: Database, case: str, anna: Staff) -> None:
        do(database, "close", case, anna, reason="duplicate")
        with database.reading() as session:
            assert staff_side.queue(session, now=NOW) == []

    def test_it_says_who_has_it_and_since_when_the_visitor_waits(
        self, database: Database, case: str, anna: Staff
    ) -> None:
        do(database, "claim", case, anna)
        do(database, "write", case, anna, text="I am here", now=after(minutes=1))
        visitor_writes(database, case, now=after(minutes=2))
        visitor_writes(database, case, now=after(minutes=3))
        with database.reading() as session:
            [row] = staff_side.queue(session, now=after(minutes=4))
        assert (row.owner_first_name, row.unanswered_since) == ("Anna", after(minutes=2))

    def test_the_phone_number_in_the_words_is_there_for_staff(self, database: Database, case: str) -> None:
        with database.reading() as session:
            [row] = staff_side.queue(session, now=NOW)
        assert row.phone == "+18015550123"


def test_the_evidence_points_into_the_visitor_s_message(database: Database, case: str) -> None:
    with database.reading() as session:
        [item] = staff_side.evidence_of(session, escalation_id=case)
        message = session.get_one(Message, item.message_id)
    assert (message.role, item.start, item.end, item.rule) == (Role.visitor, 0, 4, "wish")


def test_every_reason_and_text_of_the_playbook_says_whose_review_it_awaits() -> None:
    book = playbook()
    assert "awaiting" in book["reviewer"]
    assert [section["id"] for section in book["sections"] if "AWAITING" not in section["note"]] == []


class TestTakingOver:
    @pytest.fixture
    def left_alone(self, database: Database, clinic_info: ClinicInfo) -> str:
        """Anna holds the chat, the visitor has waited for two minutes, and staff are alerted."""
        case = crisis(database, clinic_info)
        with database.transaction() as session:
            staff_side.claim(session, escalation_id=case, staff=employ(database, "Anna"), now=NOW)
        with database.transaction() as session:
            run_timers(session, now=after(minutes=3))
        return case

    def take_over(self, database: Database, case: str, who: Staff) -> Escalation:
        with database.transaction() as session:
            return staff_side.take_over(session, escalation_id=case, staff=who, now=after(minutes=4))

    def test_a_colleague_takes_over_while_staff_are_alerted_and_the_visitor_reads_who(
        self, database: Database, left_alone: str
    ) -> None:
        assert self.take_over(database, left_alone, employ(database, "Ben")).owner_id == "staff-ben"
        assert [alert for alert in alerts(database) if alert.stopped_at is None] == []
        assert "Ben, RN, from the clinic has joined" in notices(database, left_alone)[-1]

    def test_only_the_first_one_gets_it(self, database: Database, left_alone: str) -> None:
        self.take_over(database, left_alone, employ(database, "Ben"))
        with pytest.raises(HeldByAnother) as refused:
            self.take_over(database, left_alone, employ(database, "Cleo"))
        assert refused.value.owner == "Ben"

    def test_nobody_takes_a_chat_from_a_colleague_who_answers(self, database: Database, left_alone: str) -> None:
        with database.transaction() as session:
            anna = session.get_one(Staff, "staff-anna")
            staff_side.write(session, escalation_id=left_alone, staff=anna, text="I am here.", now=after(minutes=3))
        with pytest.raises(HeldByAnother) as refused:
            self.take_over(database, left_alone, employ(database, "Ben"))
        assert refused.value.owner == "Anna"

    def test_the_colleague_of_before_can_no_longer_write(self, database: Database, left_alone: str) -> None:
        self.take_over(database, left_alone, employ(database, "Ben"))
        with database.reading() as session:
            anna = session.get_one(Staff, "staff-anna")
        with pytest.raises(HeldByAnother):
            do(database, "write", left_alone, anna, text="hello", now=after(minutes=5))

    def test_only_crisis_trained_staff_take_over(self, database: Database, left_alone: str) -> None:
        with pytest.raises(NotAllowed):
            self.take_over(database, left_alone, employ(database, "Ben", crisis_trained=False))


def test_a_follow_up_is_within_a_week(database: Database, case: str, anna: Staff) -> None:
    with pytest.raises(InvalidInput, match="far_time"):
        do(database, "set_follow_up", case, anna, at=NOW + timedelta(days=8))
    do(database, "set_follow_up", case, anna, at=NOW + timedelta(days=7))
