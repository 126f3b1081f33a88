"""Fixtures for all layers. The service is real: web, Rasa, actions and worker, started once per run."""

import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import create_engine

from cli.scratch import Scratch, running
from clinic import crypto
from clinic.db import Database
from clinic.migrate import migrate
from clinic.settings import ClinicInfo, Settings
from tests.postgres import cluster
from tests.staff import Team
from tests.visitor import Visitor


@pytest.fixture(scope="session", autouse=True)
def own_keys() -> None:
    """Keys of this test run, for the services too: the tests read what those have stored."""
    key = Fernet.generate_key().decode()
    os.environ["LOTUS_DATA_KEYS"] = json.dumps([key])
    crypto.use(crypto.Keyring([key]))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """Everything, as `lotus serve` runs it."""
    eased = {"LOTUS_MESSAGES_PER_MINUTE": "100000", "LOTUS_PASSWORD_MEMORY_KIB": "64"}
    nowhere = {"LOTUS_SMS_URL": "json://127.0.0.1:9/{to}", "LOTUS_EMAIL_URL": "json://127.0.0.1:9/{to}"}
    with running(tmp_path_factory.mktemp("service"), **eased, **nowhere) as started:
        yield started


@pytest.fixture(scope="session")
def team(service: Scratch) -> Team:
    """Accounts in the running service: an admin, somebody trained, somebody who is not."""
    return Team.of(service)


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


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL of this run's own: its URL without a database's name."""
    with cluster() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A new, empty PostgreSQL database."""
    name = f"test_{secrets.token_hex(4)}"
    admin = create_engine(f"{postgres_server}/postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return f"{postgres_server}/{name}"


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Database]:
    """A fresh, migrated PostgreSQL database."""
    migrate(postgres_url)
    opened = Database(postgres_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database in the newest shape, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "empty.db"
    migrate(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def database(tmp_path: Path, migrated: Path) -> Iterator[Database]:
    """A fresh, migrated SQLite database."""
    shutil.copy(migrated, tmp_path / "test.db")
    opened = Database(f"sqlite:///{tmp_path / 'test.db'}")
    yield opened
    opened.close()
