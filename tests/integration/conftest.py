"""A console of its own for the tests of integration: only `web` runs, and passwords cost little."""

import itertools
from collections.abc import Iterator

import pytest

from cli.scratch import Scratch, free_port, running
from tests.staff import ADMIN, TRAINED, StaffClient, Team
from tests.visitor import Visitor

CRISIS = "i dont want to be alive anymore"
addresses = (f"192.0.{block}.{number}" for block in itertools.count(2) for number in range(1, 255))


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    settings = {"LOTUS_PASSWORD_MEMORY_KIB": "64", "LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}"}
    with running(tmp_path_factory.mktemp("console"), "web", wait_for="/healthz", **settings) as alone:
        yield alone


@pytest.fixture(scope="session")
def team(console: Scratch) -> Team:
    return Team.of(console)


@pytest.fixture
def stranger(console: Scratch, team: Team) -> Iterator[StaffClient]:
    """A browser without a session, at an address of its own."""
    with StaffClient(console.url, address=next(addresses)) as client:
        yield client


@pytest.fixture
def sam(stranger: StaffClient) -> StaffClient:
    """Staff, crisis-trained, signed in."""
    assert stranger.sign_in(TRAINED).status_code == 303
    return stranger


@pytest.fixture
def dana(console: Scratch, team: Team) -> Iterator[StaffClient]:
    """An admin, signed in."""
    with StaffClient(console.url, address=next(addresses)) as client:
        assert client.sign_in(ADMIN).status_code == 303
        yield client


@pytest.fixture
def crisis(console: Scratch) -> Iterator[Visitor]:
    """A visitor whose words have opened an escalation."""
    with Visitor(console.url) as visitor:
        visitor.say(CRISIS)
        yield visitor
