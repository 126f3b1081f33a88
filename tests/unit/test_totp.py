"""Codes of an authenticator app, and how their secrets are kept."""

from datetime import timedelta

import pytest
from pyotp.totp import TOTP

from clinic.staff.totp import PLAIN_LENGTH, SecretUnreadable, Vault, accepted_step, new_secret, qr_svg
from tests.unit.chats import NOW

KEY = "k" * 32


def code_at(secret: str, seconds: int = 0) -> str:
    return TOTP(secret).at(NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_a_code_counts_while_a_clock_may_be_half_a_minute_off(seconds: int) -> None:
    secret = new_secret()
    assert accepted_step(secret, code_at(secret, seconds), last_step=None, now=NOW) is not None


@pytest.mark.parametrize("seconds", [-90, 90])
def test_an_old_or_early_code_is_refused(seconds: int) -> None:
    secret = new_secret()
    assert accepted_step(secret, code_at(secret, seconds), last_step=None, now=NOW) is None


def test_a_code_counts_once() -> None:
    secret = new_secret()
    step = accepted_step(secret, code_at(secret), last_step=None, now=NOW)
    assert accepted_step(secret, code_at(secret), last_step=step, now=NOW) is None
    assert accepted_step(secret, code_at(secret, 30), last_step=step, now=NOW) is not None


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "١٢٣٤٥٦", "0" * 20])
def test_what_is_no_code_is_refused(typed: str) -> None:
    assert accepted_step("JBSWY3DPEHPK3PXP" * 2, typed, last_step=None, now=NOW) is None


def test_spaces_in_a_code_do_not_matter() -> None:
    secret = new_secret()
    code = code_at(secret)
    assert accepted_step(secret, f" {code[:3]} {code[3:]} ", last_step=None, now=NOW) is not None


def test_a_sealed_secret_opens_for_its_owner_only() -> None:
    vault, secret = Vault(KEY), new_secret()
    sealed = vault.seal(secret, owner="dana")
    assert secret not in sealed
    assert len(sealed) <= 64  # the column's width
    assert vault.open(sealed, owner="dana") == secret
    with pytest.raises(SecretUnreadable):
        vault.open(sealed, owner="sam")


def test_with_another_key_or_none_a_sealed_secret_stays_closed() -> None:
    sealed = Vault(KEY).seal(new_secret(), owner="dana")
    for other in (Vault("another" * 5), Vault("")):
        with pytest.raises(SecretUnreadable):
            other.open(sealed, owner="dana")


def test_a_secret_of_before_there_was_a_key_is_read() -> None:
    secret = Vault("").seal(new_secret(), owner="dana")
    assert len(secret) == PLAIN_LENGTH
    assert Vault(KEY).open(secret, owner="dana") == secret


def test_the_picture_is_svg_without_styles() -> None:
    picture = qr_svg(new_secret(), email="dana@example.com", issuer="The Lotus Center")
    assert picture.startswith("<svg")
    assert "style=" not in picture
