"""Several at once, on SQLite and on PostgreSQL: one owner, no alert twice, none dropped."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from clinic.db import Database
from clinic.errors import HeldByAnother
from clinic.handoff.channels import Text
from clinic.handoff.models import AlertAttempt, HandoffNotice
from clinic.handoff.paging import Pager
from clinic.handoff.staff_side import claim, close, queue
from clinic.handoff.timers import run_timers
from clinic.models import Alert, Escalation
from clinic.retention import purge_conversations
from clinic.settings import ClinicInfo, Settings
from clinic.staff.models import Staff
from tests.unit.chats import NOW
from tests.unit.handoffs import after, crisis, employ, many_crises, on_call

TIMES = 200


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest) -> Database:
    """The same test on both databases."""
    return request.getfixturevalue({"sqlite": "database", "postgresql": "postgres"}[request.param])


def together[T](*work: Callable[[], T]) -> list[T]:
    """All of them begin in the same moment."""
    ready = threading.Barrier(len(work))

    def run(one: Callable[[], T]) -> T:
        ready.wait(10)
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def test_two_staff_claim_at_once_and_there_is_always_one_owner(shared: Database, clinic_info: ClinicInfo) -> None:
    anna, ben = employ(shared, "Anna"), employ(shared, "Ben")
    cases = many_crises(shared, clinic_info, TIMES)
    ready = threading.Barrier(2)

    def take_all(staff: Staff) -> list[str]:
        """Who has each, as this person reads it; for every one both begin in the same moment."""
        owners = []
        for case in cases:
            ready.wait(30)
            try:
                with shared.transaction() as session:
                    claim(session, escalation_id=case, staff=staff, now=NOW)
                owners.append(staff.first_name)
            except HeldByAnother as other:
                owners.append(other.owner)
        return owners

    annas, bens = together(lambda: take_all(anna), lambda: take_all(ben))
    assert annas == bens
    assert len(annas) == TIMES
    with shared.reading() as session:
        assert session.scalar(select(func.count()).where(Escalation.owner_id.is_(None))) == 0
        said = session.scalars(select(HandoffNotice.key)).all()
    assert said == ["joined"] * TIMES


def test_two_workers_send_no_alert_twice_and_drop_none(
    shared: Database, clinic_info: ClinicInfo, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, secret_key="k" * 32)
    on_call(shared, "Rosa", "json://rosa.example/")
    cases = many_crises(shared, clinic_info, 30)
    sent: list[str] = []

    def send(_address: str, text: Text) -> None:
        sent.append(text.body)

    senders = [ThreadPoolExecutor(4), ThreadPoolExecutor(4)]
    workers = [Pager(shared, settings, executor=pool, clock=lambda: NOW, send=send) for pool in senders]
    for _ in range(5):
        together(*(worker.round for worker in workers))
    for pool in senders:
        pool.shutdown(wait=True)
    with shared.reading() as session:
        per_alert = session.execute(select(AlertAttempt.alert_id, func.count()).group_by(AlertAttempt.alert_id)).all()
        delivered = session.scalar(select(func.count()).where(Alert.delivered_at.is_not(None)))
    assert [count for _, count in per_alert] == [1] * len(cases)
    assert delivered == len(cases)
    assert len(sent) <= 2


def test_two_workers_expire_an_acknowledgement_once(shared: Database, clinic_info: ClinicInfo) -> None:
    anna, case = employ(shared, "Anna"), crisis(shared, clinic_info)
    with shared.transaction() as session:
        claim(session, escalation_id=case, staff=anna, now=NOW)

    def tick() -> int:
        with shared.transaction() as session:
            return run_timers(session, now=after(minutes=31))

    assert sorted(together(tick, tick)) == [0, 1]


def test_the_queue_reads_the_same_and_a_closed_case_is_purged_with_all_its_rows(
    shared: Database, clinic_info: ClinicInfo, tmp_path: Path
) -> None:
    anna, case = employ(shared, "Anna"), crisis(shared, clinic_info)
    on_call(shared, "Rosa", "json://rosa.example/")
    with ThreadPoolExecutor(1) as pool:
        Pager(shared, Settings(data_dir=tmp_path), executor=pool, clock=lambda: NOW, send=lambda *_: None).round()
    with shared.reading() as session:
        [row] = queue(session, now=after(minutes=1))
    assert (row.reference, row.age) == (case[:6], timedelta(minutes=1))
    with shared.transaction() as session:
        close(session, escalation_id=case, staff=anna, reason="false_alarm", now=NOW)
    with shared.transaction() as session:
        assert purge_conversations(session, retention_days=30, now=after(days=31)) == 1
    with shared.reading() as session:
        assert session.scalar(select(func.count()).select_from(AlertAttempt)) == 0
        assert session.scalar(select(func.count()).select_from(Alert)) == 0
