"""Fixtures for all layers. The service is real: web, Rasa, actions and worker, started once per run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.scratch import Scratch, running
from clinic.db import Database
from clinic.migrate import migrate
from clinic.settings import ClinicInfo, Settings
from tests.staff import Team
from tests.visitor import Visitor


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    """Everything, as `lotus serve` runs it."""
    eased = {"LOTUS_MESSAGES_PER_MINUTE": "100000", "LOTUS_PASSWORD_MEMORY_KIB": "64"}
    with running(tmp_path_factory.mktemp("service"), **eased) as started:
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


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A fresh, migrated SQLite database."""
    url = f"sqlite:///{tmp_path / 'test.db'}"
    migrate(url)
    opened = Database(url)
    yield opened
    opened.close()
