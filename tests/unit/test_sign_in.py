"""Signing in: who gets in, what is counted, and what the audit trail keeps."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pyotp.totp import TOTP
from sqlalchemy import select

from clinic.audit import AuditEntry
from clinic.db import Database
from clinic.staff import sessions
from clinic.staff.accounts import change_password, deactivate_staff, get_staff, reset_password, reset_totp
from clinic.staff.models import Staff, StaffSession
from clinic.staff.passwords import Passwords
from clinic.staff.sessions import Lifetimes, find_session, hash_token, note_seen, purge_sessions
from clinic.staff.sign_in import FIRST_LOCK, TRIES, SignedIn, check_code, secret_to_enrol, sign_in
from clinic.staff.totp import Vault
from tests.staff import ADMIN, HASHING, PASSWORD, TRAINED, open_account
from tests.unit.chats import NOW

LIVES = Lifetimes(idle=timedelta(hours=1), absolute=timedelta(hours=12))
VAULT = Vault("k" * 32)
Try = Callable[..., SignedIn | None]


@pytest.fixture
def sam(database: Database) -> str:
    open_account(database, ADMIN)
    return open_account(database, TRAINED)


@pytest.fixture
def attempt(database: Database) -> Try:
    def run(
        password: str = PASSWORD,
        *,
        email: str = TRAINED.email,
        now: datetime = NOW,
        needs_code: bool = False,
        passwords: Passwords = HASHING,
    ) -> SignedIn | None:
        return sign_in(
            database,
            email=email,
            password=password,
            passwords=passwords,
            needs_code=needs_code,
            address="192.0.2.1",
            now=now,
        )

    return run


def found(database: Database, token: str, now: datetime = NOW) -> Staff | None:
    with database.reading() as session:
        held = find_session(session, token=token, lifetimes=LIVES, now=now)
    return held[1] if held else None


def trail(database: Database, tag: str) -> list[dict]:
    with database.reading() as session:
        return [entry.details for entry in session.scalars(select(AuditEntry).where(AuditEntry.tag == tag))]


def test_the_right_password_opens_a_session(database: Database, sam: str, attempt: Try) -> None:
    done = attempt(email="  SAM@Example.com ")
    assert done
    assert done.is_complete
    staff = found(database, done.token)
    assert staff
    assert staff.id == sam
    assert trail(database, "console:sign_in:success") == [{"address": "192.0.2.1"}]


def test_each_sign_in_gets_a_token_of_its_own_and_only_its_hash_is_stored(
    database: Database, sam: str, attempt: Try
) -> None:
    first, second = attempt(), attempt()
    assert first
    assert second
    assert first.token != second.token
    with database.reading() as session:
        stored = set(session.scalars(select(StaffSession.token_hash)))
    assert stored == {hash_token(first.token), hash_token(second.token)}


@pytest.mark.parametrize(
    ("email", "password", "reason"),
    [
        (TRAINED.email, "wrong", "password"),
        (TRAINED.email, "", "password"),
        ("nobody@example.com", PASSWORD, "unknown"),
        ("", "", "unknown"),
    ],
)
def test_anything_wrong_gets_the_same_answer(
    database: Database, sam: str, attempt: Try, email: str, password: str, reason: str
) -> None:
    assert attempt(password, email=email) is None
    assert [entry["reason"] for entry in trail(database, "console:sign_in:failure")] == [reason]


def test_unknown_locked_and_known_accounts_cost_one_hash_each(database: Database, sam: str, attempt: Try) -> None:
    class Counting(Passwords):
        hashed = 0

        def verify(self, password_hash: str | None, password: str) -> bool:
            self.hashed += 1
            return super().verify(password_hash, password)

    counting = Counting(memory_kib=64)
    for _ in range(TRIES + 2):
        attempt("wrong", passwords=counting)
    attempt("wrong", email="nobody@example.com", passwords=counting)
    assert counting.hashed == TRIES + 3


def test_no_typed_address_or_password_is_in_the_audit_trail(database: Database, sam: str, attempt: Try) -> None:
    attempt("my secret", email="typed-by-mistake")
    with database.reading() as session:
        [entry] = session.scalars(select(AuditEntry).where(AuditEntry.tag == "console:sign_in:failure"))
    assert "mistake" not in str(vars(entry))
    assert "my secret" not in str(vars(entry))


def test_after_ten_wrong_passwords_the_right_one_has_to_wait(database: Database, sam: str, attempt: Try) -> None:
    for _ in range(TRIES):
        assert attempt("wrong") is None
    assert attempt() is None
    assert trail(database, "console:sign_in:failure")[-1]["reason"] == "locked"
    assert attempt(now=NOW + FIRST_LOCK) is not None


def test_a_lock_gets_longer_and_ends_within_a_quarter_of_an_hour(database: Database, sam: str, attempt: Try) -> None:
    now = NOW
    for _ in range(TRIES + 8):
        attempt("wrong", now=now)
        with database.reading() as session:
            now = get_staff(session, sam).locked_until or now
    assert now > NOW
    assert attempt("wrong", now=now) is None
    with database.reading() as session:
        last = get_staff(session, sam).locked_until
    assert last == now + timedelta(minutes=15)


def test_tries_while_locked_do_not_make_the_lock_longer(database: Database, sam: str, attempt: Try) -> None:
    for _ in range(TRIES + 20):
        attempt("wrong")
    assert attempt(now=NOW + FIRST_LOCK) is not None


def test_a_deactivated_account_opens_nothing(database: Database, sam: str, attempt: Try) -> None:
    done = attempt()
    assert done
    with database.transaction() as session:
        deactivate_staff(session, staff_id=sam, by="admin", now=NOW)
    assert found(database, done.token) is None
    assert attempt() is None


def test_a_hash_of_an_older_cost_is_renewed_at_sign_in(database: Database, sam: str, attempt: Try) -> None:
    dearer = Passwords(memory_kib=128)
    assert attempt(passwords=dearer)
    with database.reading() as session:
        assert not dearer.needs_rehash(get_staff(session, sam).password_hash)


class TestSession:
    def test_it_ends_when_idle(self, database: Database, sam: str, attempt: Try) -> None:
        done = attempt()
        assert done
        assert found(database, done.token, NOW + timedelta(minutes=59))
        assert found(database, done.token, NOW + timedelta(minutes=60)) is None

    def test_it_ends_after_its_longest_time_however_busy(self, database: Database, sam: str, attempt: Try) -> None:
        done = attempt()
        assert done
        for hour in range(12):
            clicked = NOW + timedelta(hours=hour, minutes=50)
            with database.transaction() as session:
                note_seen(session, token_hash=hash_token(done.token), now=clicked)
        assert found(database, done.token, NOW + timedelta(hours=11, minutes=59))
        assert found(database, done.token, NOW + timedelta(hours=12)) is None

    def test_an_invented_token_opens_nothing(self, database: Database, sam: str) -> None:
        assert found(database, "A" * 43) is None

    def test_a_new_password_ends_all_others(self, database: Database, sam: str, attempt: Try) -> None:
        here, elsewhere = attempt(), attempt()
        assert here
        assert elsewhere
        with database.transaction() as session:
            change_password(
                session,
                staff_id=sam,
                password="another battery 43 staple",
                passwords=HASHING,
                keep=hash_token(here.token),
                now=NOW,
            )
        assert found(database, here.token)
        assert found(database, elsewhere.token) is None

    def test_a_reset_password_ends_all_of_them_and_the_lock(self, database: Database, sam: str, attempt: Try) -> None:
        done = attempt()
        assert done
        for _ in range(TRIES):
            attempt("wrong")
        with database.transaction() as session:
            reset_password(session, staff_id=sam, password="another battery 43", passwords=HASHING, by="admin", now=NOW)
        assert found(database, done.token) is None
        assert attempt("another battery 43")

    def test_expired_ones_are_deleted(self, database: Database, sam: str, attempt: Try) -> None:
        attempt()
        attempt(now=NOW + timedelta(hours=1))
        with database.transaction() as session:
            assert purge_sessions(session, lifetimes=LIVES, now=NOW + timedelta(hours=1)) == 1
            assert len(session.scalars(select(StaffSession)).all()) == 1


class TestCode:
    """With an authenticator app."""

    def waiting(self, database: Database, done: SignedIn | None) -> StaffSession:
        assert done
        assert not done.is_complete
        with database.reading() as session:
            return session.get_one(StaffSession, hash_token(done.token))

    def check(self, database: Database, waiting: StaffSession, code: str, now: datetime = NOW) -> SignedIn | None:
        with database.transaction() as session:
            return check_code(session, waiting=waiting, code=code, vault=VAULT, address="192.0.2.1", now=now)

    @pytest.fixture
    def secret(self, database: Database, sam: str, attempt: Try) -> str:
        """Sam has set up a phone, with the code of a minute ago."""
        before = NOW - timedelta(minutes=1)
        waiting = self.waiting(database, attempt(needs_code=True, now=before))
        with database.transaction() as session:
            shown = secret_to_enrol(session, waiting=waiting, vault=VAULT)
        with database.reading() as session:
            waiting = session.get_one(StaffSession, waiting.token_hash)
        assert self.check(database, waiting, TOTP(shown).at(before), before)
        return shown

    def test_where_codes_are_needed_a_password_alone_is_not_enough(
        self, database: Database, sam: str, attempt: Try
    ) -> None:
        assert not self.waiting(database, attempt(needs_code=True)).is_complete

    def test_the_secret_stays_the_same_until_a_code_of_it_was_typed(
        self, database: Database, sam: str, attempt: Try
    ) -> None:
        waiting = self.waiting(database, attempt(needs_code=True))
        with database.transaction() as session:
            first = secret_to_enrol(session, waiting=waiting, vault=VAULT)
        with database.transaction() as session:
            assert secret_to_enrol(session, waiting=waiting, vault=VAULT) == first
            assert get_staff(session, sam).totp_secret is None

    def test_the_secret_is_sealed_in_the_database(self, database: Database, sam: str, secret: str) -> None:
        with database.reading() as session:
            stored = get_staff(session, sam).totp_secret
        assert stored
        assert stored != secret
        assert VAULT.open(stored, owner=sam) == secret

    def test_a_code_completes_the_sign_in_with_another_token(
        self, database: Database, sam: str, secret: str, attempt: Try
    ) -> None:
        first = attempt()
        waiting = self.waiting(database, first)
        done = self.check(database, waiting, TOTP(secret).at(NOW))
        assert done
        assert first
        assert done.token != first.token
        assert found(database, first.token) is None
        assert found(database, done.token)

    def test_a_code_is_not_taken_twice(self, database: Database, sam: str, secret: str, attempt: Try) -> None:
        code = TOTP(secret).at(NOW)
        assert self.check(database, self.waiting(database, attempt()), code)
        assert self.check(database, self.waiting(database, attempt()), code) is None

    def test_wrong_codes_lock_like_wrong_passwords_and_end_the_half_sign_in(
        self, database: Database, sam: str, secret: str, attempt: Try
    ) -> None:
        done = attempt()
        waiting = self.waiting(database, done)
        right = TOTP(secret).at(NOW)
        wrong = f"{(int(right) + 1) % 1_000_000:06}"
        for _ in range(TRIES):
            assert self.check(database, waiting, wrong) is None
        assert done
        assert found(database, done.token) is None
        assert self.check(database, waiting, right) is None

    def test_the_right_password_does_not_reset_the_count_of_wrong_codes(
        self, database: Database, sam: str, secret: str, attempt: Try
    ) -> None:
        for _ in range(TRIES // 2):
            self.check(database, self.waiting(database, attempt()), "000000")
        assert attempt() is None

    def test_a_half_sign_in_waits_ten_minutes(self, database: Database, sam: str, secret: str, attempt: Try) -> None:
        done = attempt()
        assert done
        assert found(database, done.token, NOW + sessions.FOR_THE_CODE - timedelta(seconds=1))
        assert found(database, done.token, NOW + sessions.FOR_THE_CODE) is None

    def test_a_lost_phone_can_be_forgotten(self, database: Database, sam: str, secret: str, attempt: Try) -> None:
        with database.transaction() as session:
            reset_totp(session, staff_id=sam, by="admin", now=NOW)
        done = attempt()
        assert done
        assert done.is_complete
