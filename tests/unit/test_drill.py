"""What `lotus drill` reports: each step that has happened, in whatever order, and the one that has not."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cli.drill import steps_of, watch
from clinic.db import Database
from clinic.handoff.models import AlertAttempt, AttemptOutcome
from clinic.handoff.paging import Pager
from clinic.handoff.staff_side import acknowledge, close
from clinic.settings import ClinicInfo, Settings
from tests.unit.chats import NOW
from tests.unit.handoffs import AtOnce, Channels, Clock, alerts, crisis, employ, on_call

STEPS = ["alert handed to a channel", "alert delivered", "acknowledged"]


@pytest.fixture
def case(database: Database, clinic_info: ClinicInfo) -> str:
    on_call(database, "Rosa", "json://rosa.example/")
    return crisis(database, clinic_info)


def found(database: Database, case: str, *, seconds: float) -> list[str]:
    times = watch(steps_of(database, case, ack=True), started=0.0, seconds=seconds)
    return [step for step, at in times.items() if at is not None]


def test_an_acknowledgement_that_comes_before_the_delivery_counts(database: Database, case: str) -> None:
    anna = employ(database, "Anna")
    with database.transaction() as session:
        acknowledge(session, escalation_id=case, staff=anna, now=NOW)
        sent = AttemptOutcome.delivered
        session.add(AlertAttempt(alert_id=alerts(database)[0].id, channel_id="c", outcome=sent, started_at=NOW))
    assert found(database, case, seconds=30) == STEPS


def test_who_closes_it_at_once_has_seen_it(database: Database, case: str) -> None:
    anna = employ(database, "Anna")
    with database.transaction() as session:
        close(session, escalation_id=case, staff=anna, reason="safe_with_plan", now=NOW)
    assert found(database, case, seconds=0.2) == ["acknowledged"]


def test_a_step_that_never_comes_is_reported_as_missing(database: Database, case: str) -> None:
    assert found(database, case, seconds=0.2) == []


def test_a_delivery_is_noted_although_another_program_holds_the_database(
    tmp_path: Path, database: Database, case: str
) -> None:
    channels = Channels()
    impatient = Database(str(database.engine.url), busy_timeout_ms=50)
    with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None, check_same_thread=False)) as other:

        def send_and_hold(address: str, text: object) -> None:
            channels(address, text)  # type: ignore[arg-type]
            other.execute("BEGIN IMMEDIATE")

        settings = Settings(data_dir=tmp_path, secret_key="k" * 32)  # type: ignore[arg-type]
        lets_go = iter([None, lambda: other.execute("COMMIT")])
        pager = Pager(
            impatient,
            settings,
            executor=AtOnce(),
            clock=Clock(),
            send=send_and_hold,
            pause=lambda _: (next(lets_go) or bool)(),
        )
        pager.round()
    impatient.close()
    assert alerts(database)[0].state == "delivered"
