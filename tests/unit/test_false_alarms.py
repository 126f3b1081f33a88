"""What staff close as a false alarm comes out for the regression file, and goes with the chat."""

from clinic.db import Database
from clinic.handoff.false_alarms import list_false_alarms
from clinic.handoff.staff_side import close
from clinic.retention import purge_conversations
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW
from tests.unit.handoffs import after, crisis, employ


def test_the_words_are_printed_with_the_rules_that_flagged_them(database: Database, clinic_info: ClinicInfo) -> None:
    case, anna = crisis(database, clinic_info, words="this traffic is killing me"), employ(database, "Anna")
    with database.transaction() as session:
        close(session, escalation_id=case, staff=anna, reason="false_alarm", now=NOW)
    with database.reading() as session:
        [row] = list_false_alarms(session)
    assert (row["text"], row["rules"], row["risk"]) == ("this traffic is killing me", "wish", "suicide")


def test_another_reason_leaves_none(database: Database, clinic_info: ClinicInfo) -> None:
    case, anna = crisis(database, clinic_info), employ(database, "Anna")
    with database.transaction() as session:
        close(session, escalation_id=case, staff=anna, reason="safe_with_plan", now=NOW)
    with database.reading() as session:
        assert list_false_alarms(session) == []


def test_it_goes_with_the_chat(database: Database, clinic_info: ClinicInfo) -> None:
    case, anna = crisis(database, clinic_info), employ(database, "Anna")
    with database.transaction() as session:
        close(session, escalation_id=case, staff=anna, reason="false_alarm", now=NOW)
    with database.transaction() as session:
        assert purge_conversations(session, retention_days=30, now=after(days=31)) == 1
        assert list_false_alarms(session) == []
