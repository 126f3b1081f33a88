"""What the growth curves share: questions that are surely answered, and the time of one turn."""

import statistics
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any

from benchmarks.bench.doors import Reply, Visit
from benchmarks.bench.load import quantile
from benchmarks.bench.talk import SPOKEN
from clinic.library import library


def questions() -> Iterator[str]:
    """The library's own questions in changing frames, without end."""
    book = library()
    own = [answer.question for topic, answer in book.answers.items() if book.topics[topic].kind == "answer"]
    return cycle(frame.format(question=question) for frame in SPOKEN["frames"] for question in own)


def timed(visit: Visit, words: str) -> tuple[float, list[Reply]]:
    """One turn in ms, and what was replied."""
    started = time.perf_counter()
    replies = visit.say(words)
    return (time.perf_counter() - started) * 1000, replies


def figures(taken: list[float]) -> dict[str, Any]:
    return {"p50_ms": round(statistics.median(taken), 1), "p95_ms": round(quantile(taken, 0.95), 1)}
