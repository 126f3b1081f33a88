"""How long one message takes in Rasa, warm, one at a time: `.venv/bin/python -m benchmarks.one_message [--turns 300]`.

Starts a scratch service on free ports and asks held-out questions, each in a conversation of its own.
`whole` is Rasa's REST channel: understanding, dialogue and the action. `action` is the same action call made directly,
with a tracker as Rasa sends it. What is left is understanding and dialogue. The last line is one JSON object, in ms.
"""

import argparse
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from rich.progress import track

from cli.scratch import running
from cli.tsv import read_rows
from clinic.library import library
from clinic.settings import ROOT

QUESTIONS = ROOT / "tests/data/answers_heldout.tsv"
WARM_UP = 50


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def quantiles(taken: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(taken), 1), "p95": round(statistics.quantiles(taken, n=20)[-1], 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=300)
    turns = parser.parse_args().turns
    topics = library().topics
    rows = [row for row in read_rows(QUESTIONS, "question", "topic") if topics[row["topic"]].kind == "answer"]
    questions = [row["question"] for row in rows][: turns + WARM_UP]
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "web", "rasa", "actions") as service,
        httpx.Client(trust_env=False, timeout=30) as http,
    ):
        rasa, actions = (
            f"http://127.0.0.1:{service.environment[name]}" for name in ("LOTUS_RASA_PORT", "LOTUS_ACTIONS_PORT")
        )

        def whole(question: str) -> None:
            body = {"sender": f"{secrets.token_hex(8)}:0", "message": question, "metadata": {"language": "en"}}
            http.post(f"{rasa}/webhooks/rest/webhook", json=body).raise_for_status()

        def action(question: str, parsed: dict[str, object]) -> None:
            tracker = {"sender_id": "benchmark:0", "slots": {}, "latest_message": parsed, "events": []}
            body = {"next_action": "action_answer_question", "sender_id": "benchmark:0", "tracker": tracker}
            http.post(f"{actions}/webhook", json={**body, "domain": {}}).raise_for_status()

        for question in questions[:WARM_UP]:
            whole(question)
        asked = questions[WARM_UP:]
        wholes = [timed(lambda q=question: whole(q)) for question in track(asked, "whole turns")]
        parsed = [
            http.post(f"{rasa}/model/parse", json={"text": question}).raise_for_status().json() for question in asked
        ]
        calls = [
            timed(lambda q=question, p=one: action(q, p))
            for question, one in track(list(zip(asked, parsed, strict=True)), "actions alone")
        ]
    rest = [one - other for one, other in zip(wholes, calls, strict=True)]
    result = {"turns": len(asked), "whole": quantiles(wholes), "action": quantiles(calls)}
    print(json.dumps({**result, "understanding_and_dialogue": quantiles(rest)}))


if __name__ == "__main__":
    main()
