"""The protocol of every adapter: JSON lines {"text"} on stdin, {"flag", "score", "ms"} on stdout, in the same order.

Runs in each peer's own environment, so it needs nothing beyond the standard library.
"""

import json
import sys
import time
from collections.abc import Callable

Judge = Callable[[str], tuple[bool, float | None]]
WARM_UP = "thank you, see you on tuesday"


def serve(judge: Judge, before: Callable[[], object] = lambda: None) -> None:
    """Answers until stdin ends. `ms` is the time of `judge` alone: not loading, not JSON, not `before`.

    `before` runs ahead of every message, for peers that remember the messages before. A score may be None.
    """
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    judge(WARM_UP)
    for line in sys.stdin:
        text = json.loads(line)["text"]
        before()
        started = time.perf_counter()
        flag, score = judge(text)
        ms = 1000 * (time.perf_counter() - started)
        print(json.dumps({"flag": bool(flag), "score": None if score is None else float(score), "ms": ms}))
