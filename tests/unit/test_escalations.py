"""One open escalation a conversation; a higher severity alerts again."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from clinic.db import Database
from clinic.handoff import staff_side
from clinic.handoff.escalate import Opened, list_escalations, open_escalation
from clinic.handoff.finding import Finding
from clinic.models import Alert, Conversation, ConversationState, Escalation, EscalationState
from clinic.settings import ClinicInfo
from clinic.staff.models import Staff
from tests.unit.chats import NOW, conversation_of, finding, start
from tests.unit.handoffs import employ


def raise_one(database: Database, chat: str, found: Finding, *, minutes: int = 0) -> Opened:
    with database.transaction() as session:
        return open_escalation(
            session,
            conversation=conversation_of(session, chat),
            finding=found,
            message_id=None,
            now=NOW + timedelta(minutes=minutes),
        )


def set_state(database: Database, opened: Opened, state: EscalationState) -> None:
    with database.transaction() as session:
        session.get_one(Escalation, opened.escalation.id).state = state


def alert_severities(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Alert.severity).order_by(Alert.id)))


def escalations(database: Database) -> list[Escalation]:
    with database.reading() as session:
        return list(session.scalars(select(Escalation)))


@pytest.fixture
def chat(database: Database, clinic_info: ClinicInfo) -> str:
    return start(database, clinic_info)[0]


def test_the_first_finding_opens_an_escalation_with_one_alert(database: Database, chat: str) -> None:
    opened = raise_one(database, chat, finding("acute"))
    assert opened.alerted
    assert [(row.state, row.risk, row.severity, row.opened_at) for row in escalations(database)] == [
        ("open", "suicide", "acute", NOW)
    ]
    assert alert_severities(database) == ["acute"]


def test_the_conversation_waits_for_staff(database: Database, chat: str) -> None:
    raise_one(database, chat, finding())
    with database.reading() as session:
        assert session.get_one(Conversation, chat).state == ConversationState.waiting


def test_a_conversation_that_staff_hold_stays_with_them(database: Database, chat: str) -> None:
    with database.transaction() as session:
        conversation_of(session, chat).state = ConversationState.staff
    raise_one(database, chat, finding())
    with database.reading() as session:
        assert session.get_one(Conversation, chat).state == ConversationState.staff


@pytest.mark.parametrize(("first", "second"), [("concern", "acute"), ("concern", "imminent"), ("acute", "imminent")])
def test_a_higher_severity_joins_and_alerts_again(database: Database, chat: str, first: str, second: str) -> None:
    raise_one(database, chat, finding(first))
    raised = raise_one(database, chat, finding(second), minutes=3)
    assert raised.alerted
    assert [(row.severity, row.opened_at, row.raised_at) for row in escalations(database)] == [
        (second, NOW, NOW + timedelta(minutes=3))
    ]
    assert alert_severities(database) == [first, second]


@pytest.mark.parametrize(
    ("first", "second"),
    [("acute", "acute"), ("acute", "concern"), ("imminent", "acute"), ("concern", "concern"), ("imminent", "imminent")],
)
def test_the_same_or_a_lower_severity_joins_without_an_alert(
    database: Database, chat: str, first: str, second: str
) -> None:
    raise_one(database, chat, finding(first))
    joined = raise_one(database, chat, finding(second), minutes=3)
    assert not joined.alerted
    assert [row.severity for row in escalations(database)] == [first]
    assert alert_severities(database) == [first]


def test_another_risk_of_the_same_severity_alerts_again(database: Database, chat: str) -> None:
    raise_one(database, chat, finding("acute", risk="self_harm"))
    assert raise_one(database, chat, finding("acute", risk="overdose")).alerted
    assert alert_severities(database) == ["acute", "acute"]


def test_another_risk_of_a_lower_severity_does_not(database: Database, chat: str) -> None:
    raise_one(database, chat, finding("imminent", risk="suicide"))
    assert not raise_one(database, chat, finding("acute", risk="self_harm")).alerted


def test_a_wish_for_a_person_after_a_risk_alerts_nobody_again(database: Database, chat: str) -> None:
    raise_one(database, chat, finding("concern"))
    assert not raise_one(database, chat, finding("imminent", risk="none")).alerted
    assert [row.risk for row in escalations(database)] == ["suicide"]


def test_the_evidence_of_every_finding_is_kept(database: Database, chat: str) -> None:
    for severity in ("acute", "concern", "imminent"):
        raise_one(database, chat, finding(severity))
    (kept,) = escalations(database)
    assert [one["rule"] for one in kept.evidence] == ["acute", "concern", "imminent"]


def test_a_wish_for_a_person_is_outranked_by_a_risk_of_the_same_severity(database: Database, chat: str) -> None:
    raise_one(database, chat, finding("concern", risk="none"))
    raised = raise_one(database, chat, finding("concern", risk="suicide"))
    assert raised.alerted
    assert [row.risk for row in escalations(database)] == ["suicide"]


def test_a_higher_severity_opens_an_acknowledged_one_again(database: Database, chat: str) -> None:
    set_state(database, raise_one(database, chat, finding("concern")), EscalationState.acknowledged)
    raise_one(database, chat, finding("imminent"))
    assert [row.state for row in escalations(database)] == ["open"]


def test_the_same_severity_leaves_an_acknowledged_one_acknowledged(database: Database, chat: str) -> None:
    set_state(database, raise_one(database, chat, finding("acute")), EscalationState.acknowledged)
    raise_one(database, chat, finding("acute"))
    assert [row.state for row in escalations(database)] == ["acknowledged"]


@pytest.fixture
def held(database: Database, chat: str) -> str:
    """A chat in which somebody of staff is, opened for an acute risk."""
    opened = raise_one(database, chat, finding("acute"))
    with database.transaction() as session:
        staff_side.claim(session, escalation_id=opened.escalation.id, staff=employ(database, "Anna"), now=NOW)
    return chat


def test_new_risk_while_staff_hold_the_chat_calls_them_again_and_stays_with_who_has_it(
    database: Database, held: str
) -> None:
    again = raise_one(database, held, finding("acute"), minutes=1)
    assert (again.alerted, again.is_news) == (True, False)
    assert [(row.state, row.owner_id, row.severity) for row in escalations(database)] == [
        ("open", "staff-anna", "acute")
    ]


def test_risk_in_message_after_message_calls_them_once_in_five_minutes(database: Database, held: str) -> None:
    anna = Staff(id="staff-anna", first_name="Anna", title="RN", crisis_trained=True, is_active=True)

    def answer(minutes: int) -> None:
        with database.transaction() as session:
            case = escalations(database)[0].id
            staff_side.write(
                session, escalation_id=case, staff=anna, text="I am here.", now=NOW + timedelta(minutes=minutes)
            )

    called: list[int] = []
    for minutes in range(1, 13):
        if raise_one(database, held, finding("acute"), minutes=minutes).alerted:
            called.append(minutes)
        answer(minutes)
    assert called == [1, 6, 11]


def test_while_they_are_being_called_the_call_is_not_begun_anew(database: Database, held: str) -> None:
    raise_one(database, held, finding("acute"), minutes=1)
    assert not raise_one(database, held, finding("acute"), minutes=30).alerted


def test_who_has_seen_it_and_does_not_come_is_called_again_for_new_risk(database: Database, chat: str) -> None:
    opened = raise_one(database, chat, finding("acute"))
    with database.transaction() as session:
        staff_side.acknowledge(session, escalation_id=opened.escalation.id, staff=employ(database, "Anna"), now=NOW)
    assert not raise_one(database, chat, finding("acute"), minutes=4).alerted
    assert raise_one(database, chat, finding("acute"), minutes=5).alerted


def test_a_visitor_who_was_to_be_followed_up_later_and_writes_of_risk_now_is_not_left_until_then(
    database: Database, chat: str
) -> None:
    case = raise_one(database, chat, finding("acute")).escalation.id
    with database.transaction() as session:
        later = NOW + timedelta(hours=20)
        staff_side.set_follow_up(session, escalation_id=case, staff=employ(database, "Anna"), at=later, now=NOW)
    raise_one(database, chat, finding("acute"), minutes=60)
    assert [(row.state, row.follow_up_at) for row in escalations(database)] == [("open", None)]


def test_two_kinds_of_risk_in_turn_do_not_call_with_every_message(database: Database, chat: str) -> None:
    kinds = ("suicide", "harm_to_others") * 5
    alerted = [raise_one(database, chat, finding("acute", risk=risk)).alerted for risk in kinds]
    assert alerted == [True, True] + [False] * 8


def test_a_third_kind_calls_at_once(database: Database, chat: str) -> None:
    for risk in ("suicide", "harm_to_others", "overdose"):
        assert raise_one(database, chat, finding("acute", risk=risk)).alerted


def test_after_a_closed_one_a_new_one_opens_and_alerts(database: Database, chat: str) -> None:
    first = raise_one(database, chat, finding("imminent"))
    set_state(database, first, EscalationState.closed)
    second = raise_one(database, chat, finding("concern"))
    assert second.alerted
    assert second.escalation.id != first.escalation.id
    assert sorted(row.state for row in escalations(database)) == ["closed", "open"]


def test_the_database_itself_refuses_a_second_open_one(database: Database, chat: str) -> None:
    opened = raise_one(database, chat, finding())
    values = {column.name: getattr(opened.escalation, column.name) for column in Escalation.__table__.columns}
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(Escalation(**(values | {"id": "another"})))


def test_each_conversation_has_its_own(database: Database, clinic_info: ClinicInfo, chat: str) -> None:
    other, _ = start(database, clinic_info)
    raise_one(database, chat, finding())
    assert raise_one(database, other, finding()).alerted
    assert len(escalations(database)) == 2


def test_a_failed_transaction_leaves_neither_escalation_nor_alert(database: Database, chat: str) -> None:
    def open_and_fail() -> None:
        with database.transaction() as session:
            open_escalation(
                session, conversation=conversation_of(session, chat), finding=finding(), message_id=None, now=NOW
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        open_and_fail()
    assert escalations(database) == []
    assert alert_severities(database) == []


def test_the_list_holds_the_contract_s_keys_with_utc_times(database: Database, chat: str) -> None:
    opened = raise_one(database, chat, finding("imminent"))
    with database.reading() as session:
        (row,) = list_escalations(session)
    wanted = {
        "id": opened.escalation.id,
        "conversation_id": chat,
        "risk": "suicide",
        "severity": "imminent",
        "state": "open",
        "opened_at": "2026-11-23T17:30:00Z",
    }
    assert row.items() >= wanted.items()


def test_closed_ones_are_listed_only_when_asked_for(database: Database, chat: str) -> None:
    set_state(database, raise_one(database, chat, finding()), EscalationState.closed)
    with database.reading() as session:
        assert list_escalations(session) == []
        assert [row["state"] for row in list_escalations(session, include_closed=True)] == ["closed"]
