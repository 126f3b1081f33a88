"""Names, phones and notes are encrypted in the database, and follow a new key."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr, ValidationError
from sqlalchemy import text

from clinic import crypto
from clinic.audit import AuditEntry
from clinic.booking.book import By, find_call
from clinic.booking.desk import add_note
from clinic.booking.erase import erase_call
from clinic.db import Base, Database
from clinic.models import Appointment, Conversation, Escalation
from clinic.rotation import encrypt_rows
from clinic.settings import ClinicInfo, Settings
from clinic.tables import Base as Tables
from tests.unit.calls import PHONE, book, slot
from tests.unit.chats import NOW, start


@pytest.fixture(autouse=True)
def keys_of_before():
    before = crypto.keyring()
    yield
    crypto.use(before)


def new() -> str:
    return Fernet.generate_key().decode()


def everything(database: Database) -> str:
    """All that is in the database, as it lies there."""
    with database.engine.connect() as connection:
        names = [table.name for table in Tables.metadata.sorted_tables]
        rows = [connection.execute(text(f"SELECT * FROM {name}")).all() for name in names]
    return str(rows)


def test_no_name_number_or_note_can_be_read_in_the_database(database: Database, clinic_info: ClinicInfo) -> None:
    call = book(database, clinic_info, None, slot(clinic_info)).appointment
    with database.transaction() as session:
        session.get_one(Appointment, call.id).email = "anna@example.org"
        add_note(session, call.reference, "prefers mornings", actor="staff-1", now=NOW)
    stored = everything(database)
    for secret in ("Anna", "Quillfeather", PHONE, PHONE[2:], "prefers mornings", "anna@example.org"):
        assert secret not in stored
    assert crypto.TOKEN in stored
    with database.reading() as session:
        found = session.get_one(Appointment, call.id)
        assert (found.full_name, found.phone, found.email) == ("Anna Quillfeather", PHONE, "anna@example.org")


def test_an_escalation_s_phone_is_encrypted_too() -> None:
    assert isinstance(Escalation.__table__.c.phone.type, crypto.Encrypted)


def test_rows_of_before_are_readable_and_get_encrypted(database: Database, clinic_info: ClinicInfo) -> None:
    call = book(database, clinic_info, None, slot(clinic_info)).appointment
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE appointments SET first_name = 'Plain', phone = '+18015550199'"))
    with database.reading() as session:
        assert session.get_one(Appointment, call.id).first_name == "Plain"
    assert encrypt_rows(database, only_plain=True) == 2
    assert "Plain" not in everything(database)
    with database.reading() as session:
        assert session.get_one(Appointment, call.id).first_name == "Plain"
    assert encrypt_rows(database, only_plain=True) == 0


def test_after_a_rotation_the_new_key_alone_opens_everything(database: Database, clinic_info: ClinicInfo) -> None:
    old, fresh = new(), new()
    crypto.use(crypto.Keyring([old]))
    call = book(database, clinic_info, None, slot(clinic_info)).appointment
    crypto.use(crypto.Keyring([fresh, old]))
    with database.reading() as session:
        assert session.get_one(Appointment, call.id).first_name == "Anna"
    assert encrypt_rows(database) == 3
    assert encrypt_rows(database) == 0
    crypto.use(crypto.Keyring([fresh]))
    with database.reading() as session:
        assert session.get_one(Appointment, call.id).phone == PHONE
    crypto.use(crypto.Keyring([old]))
    with pytest.raises(InvalidToken), database.reading() as session:
        session.get_one(Appointment, call.id)


def test_a_key_file_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "data-keys"
    first, second = crypto.Keyring(file=file), crypto.Keyring(file=file)
    assert second.decrypt(first.encrypt("Anna")) == "Anna"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["data-keys"]


def test_a_running_process_follows_a_rotated_key_file(tmp_path: Path) -> None:
    file = tmp_path / "data-keys"
    running = crypto.Keyring(file=file)
    before = running.encrypt("Anna")
    crypto.add_key(file)
    assert running.is_current(running.encrypt("Anna"))
    assert not running.is_current(before)
    assert running.decrypt(before) == "Anna"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_production_does_not_start_without_keys() -> None:
    with pytest.raises(ValidationError, match="LOTUS_DATA_KEYS"):
        Settings(mode="production", secret_key="k" * 32, data_keys=[])
    assert Settings(mode="production", secret_key="k" * 32, data_keys=[SecretStr(new())]).mode == "production"


def test_a_key_that_is_none_is_refused_without_being_shown() -> None:
    with pytest.raises(ValidationError, match="key 1 is not one") as refused:
        Settings(data_keys=[SecretStr("not-a-key-but-secret")])
    assert "but-secret" not in str(refused.value)


def test_erasing_leaves_only_that_there_was_a_call(database: Database, clinic_info: ClinicInfo) -> None:
    chat, _ = start(database, clinic_info)
    call = book(database, clinic_info, chat, slot(clinic_info)).appointment
    with database.transaction() as session:
        add_note(session, call.reference, "prefers mornings", actor="staff-1", now=NOW)
        assert erase_call(session, call.reference, by=By("cli", "operator"), now=NOW) == chat
    with database.reading() as session:
        assert session.get(Conversation, chat) is None
        trail = session.query(AuditEntry.subject_id, AuditEntry.tag).all()
    assert (call.reference, "cli:appointment:erased") in [tuple(one) for one in trail]
    for table in ("appointments", "slot_claims", "appointment_notes", "outbox", "sms_consents", "messages"):
        with database.engine.connect() as connection:
            assert connection.execute(Base.metadata.tables[table].select()).all() == []


def test_a_reference_nobody_has_erases_nothing(database: Database, clinic_info: ClinicInfo) -> None:
    call = book(database, clinic_info, None, slot(clinic_info)).appointment
    with pytest.raises(Exception, match="appointment"), database.transaction() as session:
        erase_call(session, "LC-ABC234", by=By("cli", "operator"), now=NOW)
    with database.reading() as session:
        assert find_call(session, call.reference, lock=False)
