"""kill -9 of web and worker at marked points, the short form of benchmarks/faults: nothing is lost, nothing doubled."""

from collections.abc import Iterator

import pytest

from benchmarks.faults.loop import break_at, put_on_call
from cli.scratch import Scratch, free_port, running
from tests.receivers import web_server

# One for each kind of loss: the transaction, the reply, the spool, the claim, the message that went out unrecorded.
POINTS = ("web.crisis_stored", "web.crisis_committed", "worker.spool_stored", "worker.claimed", "worker.after_send")


@pytest.fixture(scope="module")
def breakable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    nowhere = {"LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}", "LOTUS_FAULT_POINT": "file"}
    folder = tmp_path_factory.mktemp("breakable")
    with (
        web_server() as one,
        web_server() as two,
        running(folder, "web", "worker", wait_for="/healthz", **nowhere) as service,
    ):
        put_on_call(service, one.address, two.address)
        yield service


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_loses_no_escalation_and_no_alert(breakable: Scratch, point: str) -> None:
    outcome = break_at(breakable, point)
    assert outcome.died, outcome
    assert outcome.resources, outcome
    assert outcome.escalations == 1, outcome
    assert outcome.alerted_after is not None, outcome
