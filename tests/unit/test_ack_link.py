"""The link in an alert: reading it changes nothing, only a post acknowledges, and only for who is on the list."""

from datetime import timedelta

import pytest

from clinic.db import Database
from clinic.errors import Conflict, NotAllowed
from clinic.handoff.ack_link import VALID_FOR, ack_from_link, read_ack_link, sign_ack_link
from clinic.handoff.models import OncallPerson
from clinic.handoff.staff_side import close
from clinic.models import Escalation
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW
from tests.unit.handoffs import after, alerts, crisis, employ, notices

KEY = "k" * 32


@pytest.fixture
def case(database: Database, clinic_info: ClinicInfo) -> str:
    with database.transaction() as session:
        session.add(OncallPerson(id="rosa", first_name="Rosa", languages=["en"], weekly_hours=[], created_at=NOW))
    return crisis(database, clinic_info)


def token(case: str, *, key: str = KEY) -> str:
    return sign_ack_link(key=key, escalation_id=case, person_id="rosa", now=NOW)


def state(database: Database, case: str) -> str:
    with database.reading() as session:
        return session.get_one(Escalation, case).state


def test_reading_the_link_changes_nothing(database: Database, case: str) -> None:
    with database.transaction() as session:
        link = read_ack_link(session, key=KEY, token=token(case), now=NOW)
    assert (link.reference, link.person_first_name, link.severity) == (case[:6], "Rosa", "acute")
    assert state(database, case) == "open"


def test_posting_it_acknowledges_and_stops_the_alerts(database: Database, case: str) -> None:
    with database.transaction() as session:
        ack_from_link(session, key=KEY, token=token(case), now=NOW)
    assert state(database, case) == "acknowledged"
    assert alerts(database)[0].stopped_at == NOW
    assert len(notices(database, case)) == 1


@pytest.mark.parametrize(
    ("key", "age"),
    [("other" * 8, timedelta(0)), (KEY, VALID_FOR + timedelta(seconds=1))],
    ids=["signed with another key", "too old"],
)
def test_a_forged_or_old_one_is_refused(database: Database, case: str, key: str, age: timedelta) -> None:
    with pytest.raises(NotAllowed), database.transaction() as session:
        ack_from_link(session, key=KEY, token=token(case, key=key), now=NOW + age)
    assert state(database, case) == "open"


def test_somebody_taken_off_the_list_cannot_use_it(database: Database, case: str) -> None:
    with database.transaction() as session:
        session.get_one(OncallPerson, "rosa").is_active = False
    with pytest.raises(NotAllowed), database.transaction() as session:
        ack_from_link(session, key=KEY, token=token(case), now=NOW)


def test_a_closed_escalation_is_a_conflict(database: Database, case: str) -> None:
    anna = employ(database, "Anna")
    with database.transaction() as session:
        close(session, escalation_id=case, staff=anna, reason="duplicate", now=NOW)
    with pytest.raises(Conflict), database.transaction() as session:
        ack_from_link(session, key=KEY, token=token(case), now=after(minutes=1))
