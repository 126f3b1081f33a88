"""Accounts of staff: what an admin sets, and what is refused."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from clinic.audit import AuditEntry
from clinic.db import Database
from clinic.errors import Conflict, InvalidInput, NotFound
from clinic.staff.accounts import as_row, change_staff, deactivate_staff, find_staff, get_staff, list_staff
from clinic.staff.models import StaffRole
from clinic.staff.reading import is_noted, note_reading
from tests.staff import ADMIN, PASSWORD, TRAINED, open_account
from tests.unit.chats import NOW


def test_an_account_is_stored_with_a_hash_and_an_audit_entry(database: Database) -> None:
    staff_id = open_account(database, replace(TRAINED, email=" SAM@example.com ", first_name="  Sam "))
    with database.reading() as session:
        staff = get_staff(session, staff_id)
        [entry] = session.scalars(select(AuditEntry))
    assert (staff.email, staff.first_name, staff.is_active) == ("sam@example.com", "Sam", True)
    assert PASSWORD not in staff.password_hash
    assert (entry.tag, entry.actor, entry.subject_id) == ("terminal:staff:add", "terminal", staff_id)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"email": "no address"}, "email_unclear"),
        ({"email": "a@b"}, "email_unclear"),
        ({"first_name": " "}, "first_name_missing"),
        ({"title": ""}, "title_missing"),
        ({"first_name": "x" * 81}, "first_name_missing"),
    ],
)
def test_what_cannot_be_used_is_refused(database: Database, change: dict, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        open_account(database, replace(TRAINED, **change))


def test_an_email_has_one_account(database: Database) -> None:
    open_account(database, TRAINED)
    with pytest.raises(InvalidInput, match="email_taken"):
        open_account(database, replace(ADMIN, email="SAM@EXAMPLE.COM"))


def test_the_last_active_admin_stays_one(database: Database) -> None:
    admin = open_account(database, ADMIN)
    with pytest.raises(Conflict), database.transaction() as session:
        deactivate_staff(session, staff_id=admin, by=admin, now=NOW)
    with pytest.raises(Conflict), database.transaction() as session:
        change_staff(session, staff_id=admin, profile=replace(ADMIN, role=StaffRole.staff), by=admin, now=NOW)
    other = open_account(database, replace(ADMIN, email="other@example.com"))
    with database.transaction() as session:
        deactivate_staff(session, staff_id=admin, by=other, now=NOW)


def test_a_change_names_what_changed_and_no_value_that_is_a_person_s(database: Database) -> None:
    staff_id = open_account(database, TRAINED)
    with database.transaction() as session:
        profile = replace(TRAINED, email="new@example.com", crisis_trained=False)
        change_staff(session, staff_id=staff_id, profile=profile, by="admin", now=NOW)
    with database.reading() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.tag == "console:staff:change"))
    assert entry.details == {"changed": ["email", "crisis_trained"], "role": "staff", "crisis_trained": False}


def test_an_unknown_account_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound), database.transaction() as session:
        deactivate_staff(session, staff_id="nobody", by="admin", now=NOW)


def test_a_row_for_the_terminal_holds_no_secret(database: Database) -> None:
    open_account(database, TRAINED)
    with database.reading() as session:
        staff = find_staff(session, email=TRAINED.email)
        assert staff
        assert not {"password_hash", "totp_secret"} & as_row(staff).keys()
        assert [one.email for one in list_staff(session)] == [TRAINED.email]


def test_one_stretch_of_reading_is_noted_once(database: Database) -> None:
    with database.transaction() as session:
        assert not is_noted(session, staff_id="sam", subject_id="e1", now=NOW)
        note_reading(session, staff_id="sam", subject_id="e1", now=NOW)
        assert is_noted(session, staff_id="sam", subject_id="e1", now=NOW)
        assert not is_noted(session, staff_id="dana", subject_id="e1", now=NOW)
        assert not is_noted(session, staff_id="sam", subject_id="e2", now=NOW)
