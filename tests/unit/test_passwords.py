"""Passwords: what a new one must not be, and how they are kept."""

import pytest

from clinic.errors import InvalidInput
from clinic.staff.passwords import Passwords, check_new_password, new_password
from tests.staff import HASHING, PASSWORD


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short one 42", None),
        ("elevenchars", "password_short"),
        ("a" * 201, "password_long"),
        ("aaaaaaaaaaaaaaaa", "password_simple"),
        ("1212121212121212", "password_simple"),
        ("dana.miller@example.com", "password_like_name"),
        ("DanaMiller2026", "password_like_name"),
        ("lotusclinic123", "password_like_name"),
        ("dana keeps seven grey herons", None),
        (PASSWORD, None),
    ],
)
def test_a_new_password_is_long_and_not_made_of_names(password: str, reason: str | None) -> None:
    if reason is None:
        check_new_password(password, email="dana.miller@example.com", first_name="Dana")
        return
    with pytest.raises(InvalidInput, match=reason):
        check_new_password(password, email="dana.miller@example.com", first_name="Dana")


def test_only_the_right_password_verifies() -> None:
    stored = HASHING.hash(PASSWORD)
    assert HASHING.verify(stored, PASSWORD)
    assert not HASHING.verify(stored, PASSWORD + " ")
    assert PASSWORD not in stored


def test_without_an_account_nothing_verifies() -> None:
    assert not HASHING.verify(None, PASSWORD)


def test_the_same_letters_typed_on_another_keyboard_verify() -> None:
    assert HASHING.verify(HASHING.hash("caf\u00e9 con siete gatos"), "cafe\u0301 con siete gatos")


def test_a_hash_of_another_cost_is_made_anew() -> None:
    stored = HASHING.hash(PASSWORD)
    assert not HASHING.needs_rehash(stored)
    assert Passwords(memory_kib=128).needs_rehash(stored)


def test_a_generated_password_is_accepted_and_never_the_same() -> None:
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    for one in made:
        check_new_password(one, email="dana@example.com", first_name="Dana")
