"""Names, phones, addresses and notes are encrypted in the database; this is the column type and where the keys are.

Keys are Fernet's. The first one encrypts, every one decrypts, so a new key is put in front and the rows follow
(`lotus keys rotate`). They come from LOTUS_DATA_KEYS; in development a key file is made in the data folder.
"""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Dialect, Text, TypeDecorator

from clinic.settings import Settings

TOKEN = "gAAAA"  # noqa: S105 every Fernet token begins so: version 0x80 and the first bytes of a time before 2106


class Keyring:
    """Keys that are given, or those of a file, read again when it changes (another process may have rotated)."""

    def __init__(self, keys: Sequence[str] = (), *, file: Path | None = None) -> None:
        self._file, self._stamp = file, -1
        self._keys = list(keys)
        if self._keys:
            self._fernet = MultiFernet([Fernet(key) for key in self._keys])

    @property
    def keys(self) -> list[str]:
        """All keys, the encrypting one first."""
        self._read()
        return list(self._keys)

    @property
    def file(self) -> Path | None:
        return self._file

    def encrypt(self, words: str) -> str:
        self._read()
        return self._fernet.encrypt(words.encode()).decode()

    def decrypt(self, stored: str) -> str:
        """The words; a row of before there was encryption comes back as it is. Raises InvalidToken without its key."""
        if not stored.startswith(TOKEN):
            return stored
        self._read()
        return self._fernet.decrypt(stored.encode()).decode()

    def is_current(self, stored: str) -> bool:
        """Whether the first key alone opens it."""
        try:
            Fernet(self.keys[0]).decrypt(stored.encode())
        except InvalidToken:
            return False
        return True

    def _read(self) -> None:
        if self._file is None:
            return
        if not self._file.exists():
            _make(self._file)
        stamp = self._file.stat().st_mtime_ns
        if stamp != self._stamp:
            self._keys = self._file.read_text().split()
            self._fernet, self._stamp = MultiFernet([Fernet(key) for key in self._keys]), stamp


def add_key(file: Path) -> None:
    """Put a new key in front of those of a key file, in one step that no reader sees half done."""
    _write(file, [Fernet.generate_key().decode(), *file.read_text().split()])


def _make(file: Path) -> None:
    """Make the key file, unless another process has just done so."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = _draft(file, [Fernet.generate_key().decode()])
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _write(file: Path, keys: list[str]) -> None:
    _draft(file, keys).replace(file)


def _draft(file: Path, keys: list[str]) -> Path:
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as output:
        output.write("\n".join(keys) + "\n")
        output.flush()
        os.fsync(output.fileno())
    return draft


_keyring: Keyring | None = None


def keyring() -> Keyring:
    """This process's keys, found out at the first use."""
    global _keyring
    if _keyring is None:
        settings = Settings()
        given = [key.get_secret_value() for key in settings.data_keys]
        _keyring = Keyring(given) if given else Keyring(file=settings.key_file)
    return _keyring


def use(chosen: Keyring | None) -> None:
    """Take these keys from now on; None finds them out anew. For tests and commands on another data folder."""
    global _keyring
    _keyring = chosen


class Encrypted(TypeDecorator[str]):
    """Text that only this service reads. It cannot be searched or compared in SQL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring().encrypt(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring().decrypt(value)
