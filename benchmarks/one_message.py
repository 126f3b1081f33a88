"""How long one message takes in Rasa, warm, one at a time: `.venv/bin/python -m benchmarks.one_message [--turns 300]`.

Starts a scratch service on free ports and asks held-out questions, five to a conversation; `first` is a conversation's
first message, for which Rasa also starts a session, `later` are the others.
`whole` is Rasa's REST channel: understanding, dialogue and the action. `action` is an action call of that kind made
directly, with a short tracker. What is left is understanding and dialogue. The last line is one JSON object, in ms.
"""

import argparse
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
from rich.progress import track

from cli.scratch import running
from cli.tsv import read_rows
from clinic.library import library
from clinic.settings import ROOT

QUESTIONS = ROOT / "tests/data/answers_heldout.tsv"
WARM_UP, PER_CONVERSATION = 50, 5


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
    rows = rows[: turns + WARM_UP]
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "web", "rasa", "actions") as service,
        httpx.Client(trust_env=False, timeout=30) as http,
    ):
        rasa, actions = (
            f"http://127.0.0.1:{service.environment[name]}" for name in ("LOTUS_RASA_PORT", "LOTUS_ACTIONS_PORT")
        )

        def whole(question: str, sender: str) -> None:
            body = {"sender": sender, "message": question, "metadata": {"language": "en"}}
            http.post(f"{rasa}/webhooks/rest/webhook", json=body).raise_for_status()

        def action(question: str, topic: str) -> None:
            read = {"text": question, "intent": {"name": topic}, "intent_ranking": [{"name": topic, "confidence": 0.9}]}
            tracker = {"sender_id": "benchmark:0", "slots": {}, "latest_message": read, "events": []}
            body = {"next_action": "action_answer_question", "sender_id": "benchmark:0", "tracker": tracker}
            http.post(f"{actions}/webhook", json={**body, "domain": {}}).raise_for_status()

        for row in rows[:WARM_UP]:
            whole(row["question"], sender=secrets.token_hex(8))
        first, later, calls = [], [], []
        for number, row in enumerate(track(rows[WARM_UP:], "asking")):
            if number % PER_CONVERSATION == 0:
                sender = f"{secrets.token_hex(8)}:0"
            taken = timed(partial(whole, row["question"], sender))
            (later if number % PER_CONVERSATION else first).append(taken)
            calls.append(timed(partial(action, row["question"], row["topic"])))
    typical = statistics.median(calls)
    result = {name: quantiles(taken) for name, taken in {"first": first, "later": later, "action": calls}.items()}
    without = {name: round(result[name]["median"] - typical, 1) for name in ("first", "later")}
    print(json.dumps({"turns": len(calls), **result, "understanding_and_dialogue": without}))


if __name__ == "__main__":
    main()
