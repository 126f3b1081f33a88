"""The action server over HTTP, as Rasa calls it."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cli.scratch import environment_for
from clinic.settings import ROOT


@pytest.fixture(scope="module")
def actions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The running action server's address."""
    folder = tmp_path_factory.mktemp("actions")
    environment = environment_for(folder)
    url = f"http://127.0.0.1:{environment['LOTUS_ACTIONS_PORT']}"
    with (folder / "actions.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "actions"], cwd=ROOT, env=environment, stdout=log, stderr=log)
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            httpx.get(f"{url}/health", trust_env=False).raise_for_status()
            break
        except httpx.HTTPError:
            threading.Event().wait(0.1)
    yield url
    process.terminate()
    process.wait(15)


def call(url: str, action: str, *, intent: str, confidence: float, text: str, slots: dict[str, Any]) -> httpx.Response:
    ranking = [{"name": intent, "confidence": confidence}]
    latest = {"text": text, "intent": ranking[0], "intent_ranking": ranking, "entities": [], "metadata": {}}
    tracker = {
        "sender_id": "conversation:0",
        "slots": slots,
        "latest_message": latest,
        "events": [],
        "paused": False,
        "followup_action": None,
        "active_loop": {},
        "latest_action_name": "action_listen",
    }
    body = {"next_action": action, "sender_id": "conversation:0", "tracker": tracker, "domain": {}, "version": "3.6.21"}
    return httpx.post(f"{url}/webhook", json=body, trust_env=False)


def test_an_answer_is_one_json_message_with_everything_in_it(actions: str) -> None:
    answer = call(actions, "action_answer_question", intent="mechanism", confidence=0.9, text="how", slots={})
    [response] = answer.json()["responses"]
    assert response["custom"]["kind"] == "answer"
    assert response["custom"]["sources"]
    assert not response["text"]


def test_an_unsure_reading_offers_a_choice_instead_of_an_answer(actions: str) -> None:
    answer = call(actions, "action_answer_question", intent="bladder", confidence=0.2, text="pee", slots={})
    [response] = answer.json()["responses"]
    assert response["custom"]["kind"] == "clarify"
    assert response["custom"]["buttons"][0]["payload"] == "/bladder"


def test_a_failing_action_answers_500_without_the_visitors_words(actions: str) -> None:
    slots = {"booking_name": "Secretname", "booking_phone": None, "booking_time": None, "booking_consent": True}
    answer = call(actions, "action_submit_booking", intent="affirm", confidence=1, text="Secretword", slots=slots)
    assert answer.status_code == 500
    assert "Secret" not in answer.text


@pytest.mark.parametrize("consent", [None, True, "/affirm", 1])
def test_a_booking_is_not_submitted_without_a_parsed_consent(actions: str, consent: object) -> None:
    slots = {
        "booking_name": "Dana",
        "booking_who": "adult",
        "booking_phone": "+18015550123",
        "booking_time": {
            "starts_at": "2030-01-07T17:00:00+00:00",
            "ends_at": "2030-01-07T17:20:00+00:00",
            "provider": "aprn-1",
        },
        "booking_about": "other",
        "booking_consent": consent,
    }
    answer = call(actions, "action_submit_booking", intent="affirm", confidence=1, text="yes", slots=slots)
    assert answer.status_code == 500
