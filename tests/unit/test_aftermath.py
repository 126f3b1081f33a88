"""What an earlier flag means for the rest of a conversation."""

import pytest
from sqlalchemy import select

from clinic.db import Database
from clinic.handoff.aftermath import Aftermath, aftermath_of
from clinic.handoff.escalate import open_escalation
from clinic.models import Escalation, EscalationState
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW, conversation_of, finding, start

WITHHOLDING = ["suicide", "self_harm", "overdose", "harm_to_others"]
OTHERS = ["danger_from_others", "medical_emergency"]


@pytest.fixture
def chat(database: Database, clinic_info: ClinicInfo) -> str:
    return start(database, clinic_info)[0]


def after(database: Database, chat: str, *found: tuple[str, str]) -> Aftermath:
    """What holds after findings of these risks and severities."""
    for risk, severity in found:
        with database.transaction() as session:
            open_escalation(
                session,
                conversation=conversation_of(session, chat),
                finding=finding(severity, risk=risk),
                message_id=None,
                now=NOW,
            )
    with database.reading() as session:
        return aftermath_of(session, chat)


def test_an_ordinary_conversation_has_none(database: Database, chat: str) -> None:
    assert after(database, chat) == Aftermath(flagged=False, withhold=False)


def test_a_wish_for_a_person_is_no_flag(database: Database, chat: str) -> None:
    assert not after(database, chat, ("none", "concern")).flagged


@pytest.mark.parametrize("risk", WITHHOLDING)
def test_a_risk_to_life_withholds_serious_topics(database: Database, chat: str, risk: str) -> None:
    assert after(database, chat, (risk, "concern")) == Aftermath(flagged=True, withhold=True)


@pytest.mark.parametrize("risk", OTHERS)
def test_another_risk_only_flags(database: Database, chat: str, risk: str) -> None:
    assert after(database, chat, (risk, "acute")) == Aftermath(flagged=True, withhold=False)


def test_it_outlasts_the_closing_of_the_escalation(database: Database, chat: str) -> None:
    after(database, chat, ("suicide", "acute"))
    with database.transaction() as session:
        session.scalars(select(Escalation)).one().state = EscalationState.closed
    assert after(database, chat).withhold


@pytest.mark.parametrize("later", OTHERS)
@pytest.mark.parametrize("severity", ["acute", "imminent"])
def test_a_later_risk_of_another_kind_does_not_lift_it(
    database: Database, chat: str, later: str, severity: str
) -> None:
    assert after(database, chat, ("suicide", "acute"), (later, severity)).withhold


def test_another_conversation_s_flag_does_not_count(database: Database, clinic_info: ClinicInfo, chat: str) -> None:
    other, _ = start(database, clinic_info)
    after(database, other, ("suicide", "acute"))
    assert not after(database, chat).flagged
