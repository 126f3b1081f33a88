"""`lotus evaluate answers`: every question through HTTP, web, Rasa and the actions of a scratch service."""

import secrets
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import track
from rich.table import Table

from cli.scratch import running
from cli.train import is_trained, train
from cli.tsv import read_rows
from clinic.settings import Settings

OUTCOMES = ("correct", "clarified", "wrong", "fallback")
WORST = 10


def evaluate(settings: Settings, file: Path, console: Console) -> dict[str, Any]:
    """The object that docs/evaluation.md describes; a table goes to `console`."""
    rows = read_rows(file, "question", "topic")
    if not is_trained(settings):
        train(settings)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "web", "rasa", "actions", LOTUS_MODEL_DIR=str(settings.model_dir)) as service,
        httpx.Client(base_url=service.url, trust_env=False, timeout=30) as http,
        ThreadPoolExecutor(2) as pool,
    ):
        asked = pool.map(lambda row: ask(http, row["question"]), rows)
        replies = list(track(asked, "asking", total=len(rows), console=console))
    counts: Counter[str] = Counter()
    by_topic: dict[str, Counter[str]] = defaultdict(Counter)
    errors = []
    for row, said in zip(rows, replies, strict=True):
        right = {row["topic"], *filter(None, (row.get("also_acceptable_topics") or "").split(","))}
        reply = next((one for one in said if one["topic"] in right), said[0])
        outcome = judge(reply, right)
        counts[outcome] += 1
        by_topic[row["topic"]][outcome] += 1
        if outcome != "correct":
            errors.append({"question": row["question"], "expected": row["topic"], "got": f"{outcome}:{got(reply)}"})
    show(console, by_topic)
    return {
        "n": len(rows),
        **{outcome: counts[outcome] for outcome in OUTCOMES},
        "accuracy": round(counts["correct"] / len(rows), 4) if rows else None,
        "by_topic": {topic: {"n": seen.total(), **seen} for topic, seen in sorted(by_topic.items())},
        "two_answers": sum(len(said) > 1 for said in replies),
        "errors": errors,
    }


def ask(http: httpx.Client, question: str) -> list[dict[str, Any]]:
    """The replies to the question in a conversation of its own: one, or two where two questions were read."""
    started = http.post("/api/conversations").raise_for_status().json()
    answer = http.post(
        f"/api/conversations/{started['id']}/messages",
        json={"client_id": secrets.token_hex(8), "text": question},
        headers={"Authorization": f"Bearer {started['token']}"},
    )
    return answer.raise_for_status().json()["messages"][1:]


def judge(reply: dict[str, Any], right: set[str]) -> str:
    """One of OUTCOMES. A fallback is right for out_of_scope alone."""
    if reply["kind"] == "fallback" and reply["topic"] is None:
        return "correct" if "out_of_scope" in right else "fallback"
    if reply["kind"] == "clarify":
        return "clarified" if {f"/{topic}" for topic in right} & offered(reply) else "wrong"
    return "correct" if reply["topic"] in right else "wrong"


def offered(reply: dict[str, Any]) -> set[str]:
    """The topics among the first three buttons; "none of these" is no topic."""
    return {button["payload"] for button in reply["buttons"][:3]} - {"/out_of_scope"}


def got(reply: dict[str, Any]) -> str:
    return ",".join(sorted(offered(reply))) if reply["kind"] == "clarify" else reply["topic"] or reply["kind"]


def show(console: Console, by_topic: dict[str, Counter[str]]) -> None:
    table = Table("topic (weakest first)", "n", *OUTCOMES)
    weakest = sorted(by_topic.items(), key=lambda item: item[1]["correct"] / item[1].total())
    for topic, seen in weakest[:WORST]:
        table.add_row(topic, str(seen.total()), *(str(seen[outcome]) for outcome in OUTCOMES))
    console.print(table)
