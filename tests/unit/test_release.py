"""An account that is closed leaves no visitor waiting for nobody."""

from dataclasses import replace
from datetime import timedelta

import pytest

from clinic.db import Database
from clinic.errors import NotAllowed
from clinic.handoff import staff_side
from clinic.handoff.ack_link import ack_from_link, sign_ack_link
from clinic.handoff.models import OncallPerson
from clinic.handoff.oncall import roster
from clinic.models import Escalation
from clinic.settings import ClinicInfo
from clinic.staff.accounts import change_staff, deactivate_staff, get_staff
from tests.staff import TRAINED, open_account
from tests.unit.chats import NOW
from tests.unit.handoffs import after, alerts, chat_of, crisis, notices, on_call

KEY = "k" * 32


@pytest.fixture
def sam(database: Database) -> str:
    return open_account(database, TRAINED)


@pytest.fixture
def held(database: Database, clinic_info: ClinicInfo, sam: str) -> str:
    """An escalation whose chat Sam has taken."""
    case = crisis(database, clinic_info)
    with database.transaction() as session:
        staff_side.claim(session, escalation_id=case, staff=get_staff(session, sam), now=NOW)
    return case


def deactivate(database: Database, staff_id: str) -> None:
    """By an admin, who has to be somebody else."""
    with database.transaction() as session:
        deactivate_staff(session, staff_id=staff_id, by="admin", now=after(minutes=1))


def standing(database: Database, case: str) -> tuple[str, str | None, str]:
    """State, owner, and the conversation's state."""
    with database.reading() as session:
        row = session.get_one(Escalation, case)
        return row.state, row.owner_id, chat_of(session, case).state


def calling(database: Database) -> list[str]:
    return [alert.cause for alert in alerts(database) if alert.stopped_at is None]


def test_a_chat_that_a_deactivated_person_holds_is_open_again_and_staff_are_called_at_once(
    database: Database, sam: str, held: str
) -> None:
    deactivate(database, sam)
    assert standing(database, held) == ("open", None, "waiting")
    assert calling(database) == ["handed_back"]
    assert "Sam from the clinic has left" in notices(database, held)[-1]


def test_one_that_only_they_have_seen_is_called_for_again(
    database: Database, clinic_info: ClinicInfo, sam: str
) -> None:
    case = crisis(database, clinic_info)
    with database.transaction() as session:
        staff_side.acknowledge(session, escalation_id=case, staff=get_staff(session, sam), now=NOW)
    deactivate(database, sam)
    assert standing(database, case) == ("open", None, "waiting")
    assert calling(database) == ["handed_back"]
    assert "trying to reach clinic staff again" in notices(database, case)[-1]


def test_a_visitor_to_be_followed_up_later_is_called_for_then(database: Database, sam: str, held: str) -> None:
    with database.transaction() as session:
        staff = get_staff(session, sam)
        staff_side.set_follow_up(session, escalation_id=held, staff=staff, at=NOW + timedelta(hours=4), now=NOW)
    deactivate(database, sam)
    assert standing(database, held) == ("acknowledged", None, "waiting")
    assert calling(database) == []


def test_chats_of_colleagues_stay_as_they_are(database: Database, held: str) -> None:
    other = open_account(database, replace(TRAINED, email="kim@example.com", first_name="Kim"))
    deactivate(database, other)
    assert standing(database, held)[0] == "acknowledged"


def test_who_is_no_longer_crisis_trained_hands_the_chat_back(database: Database, sam: str, held: str) -> None:
    with database.transaction() as session:
        change_staff(session, staff_id=sam, profile=replace(TRAINED, crisis_trained=False), by="admin", now=NOW)
    assert standing(database, held) == ("open", None, "waiting")


def test_a_deactivated_person_is_called_no_more_and_their_links_stop_working(
    database: Database, clinic_info: ClinicInfo, sam: str
) -> None:
    person = on_call(database, "Sam", "json://sam.example/", staff_id=sam)
    case = crisis(database, clinic_info)
    link = sign_ack_link(key=KEY, escalation_id=case, person_id=person, now=NOW)
    deactivate(database, sam)
    with database.reading() as session:
        assert roster(session, clinic=clinic_info, alert_urls=[], now=NOW).contacts == ()
        assert not session.get_one(OncallPerson, person).is_active
    with pytest.raises(NotAllowed), database.transaction() as session:
        ack_from_link(session, key=KEY, token=link, now=NOW)
