"""Fixtures for all layers. The service is real: web, Rasa, actions and worker, started once per run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from cli.scratch import Scratch, running
from clinic import crypto
from clinic.db import Database
from clinic.migrate import migrate
from clinic.settings import ClinicInfo, Settings
from tests.postgres import postgres
from tests.visitor import Visitor

__all__ = ["postgres"]


@pytest.fixture(scope="session", autouse=True)
def own_keys() -> None:
    """Keys of this test run, so that no test makes a key file in the project's folder."""
    crypto.use(crypto.Keyring([Fernet.generate_key().decode()]))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """Everything, as `lotus serve` runs it."""
    nowhere = {"LOTUS_SMS_URL": "json://127.0.0.1:9/{to}", "LOTUS_EMAIL_URL": "json://127.0.0.1:9/{to}"}
    with running(tmp_path_factory.mktemp("service"), LOTUS_MESSAGES_PER_MINUTE="100000", **nowhere) as started:
        yield started


@pytest.fixture(scope="session")
def site(service: Scratch) -> str:
    """The running service's address."""
    return service.url


@pytest.fixture
def visitor(service: Scratch) -> Iterator[Visitor]:
    """A new conversation with the running service."""
    with Visitor(service.url) as arrived:
        yield arrived


@pytest.fixture(scope="session")
def clinic_info() -> ClinicInfo:
    return Settings().clinic


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh, migrated SQLite database."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    migrate(url)
    opened = Database(url)
    yield opened
    opened.close()
