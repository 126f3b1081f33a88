"""Passwords: hashing with argon2id, and what a new one must not be."""

import re
import secrets
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from clinic.errors import InvalidInput

SHORTEST, LONGEST = 12, 200  # NIST SP 800-63B asks for length, not for kinds of characters; the end bounds the work
FEWEST_DIFFERENT = 6  # "aaaaaaaaaaaa" and "121212121212" are long enough and the first that anybody tries
OUR_NAMES = ("lotus", "ketamine", "password", "clinic")
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters that look alike: it is read out or typed over


class Passwords:
    """Hashes and checks. `memory_kib` is argon2's cost, so that tests need not wait; time cost and lanes are fixed."""

    def __init__(self, *, memory_kib: int) -> None:
        self._hasher = PasswordHasher(time_cost=3, memory_cost=memory_kib, parallelism=1)
        self._nobody = self.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        return self._hasher.hash(_normal(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password. Takes as long where there is no account (None), and then says no."""
        try:
            is_right = self._hasher.verify(password_hash or self._nobody, _normal(password[:LONGEST]))
        except (VerificationError, InvalidHashError):
            return False
        return is_right and password_hash is not None

    def needs_rehash(self, password_hash: str) -> bool:
        return self._hasher.check_needs_rehash(password_hash)


def check_new_password(password: str, *, email: str, first_name: str) -> None:
    """Raises InvalidInput with password_short, password_long, password_simple or password_like_name."""
    if len(password) < SHORTEST:
        raise InvalidInput("password_short")
    if len(password) > LONGEST:
        raise InvalidInput("password_long")
    said = password.casefold()
    if len(set(said)) < FEWEST_DIFFERENT:
        raise InvalidInput("password_simple")
    names = {part for part in re.split(r"[\W_]+", f"{email} {first_name}".casefold()) if len(part) >= 3}
    left = said
    for name in sorted(names | set(OUR_NAMES), key=len, reverse=True):
        left = left.replace(name, "")
    if len(left) < SHORTEST - 4 and left != said:
        raise InvalidInput("password_like_name")


def new_password() -> str:
    """Four groups of five, 98 bits: for an account that somebody else opens."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(5)) for _ in range(4))


def _normal(password: str) -> str:
    """One keyboard sends é as one character, another as two."""
    return unicodedata.normalize("NFKC", password)
