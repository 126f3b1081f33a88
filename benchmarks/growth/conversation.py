"""A turn's time against the turns that the conversation already has, through `web`, one at a time."""

from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks.bench.services import whole
from benchmarks.growth.asking import figures, questions, timed
from clinic.settings import Settings

ENDS = (10, 25, 50, 100, 150, 200, 300, 400, 500)
CONVERSATIONS, WARM_UP = 2, 50


def measure(folder: Path, bar: Progress, small: bool) -> list[dict[str, Any]]:
    """`other` counts replies that are no answer; after a crisis reply Rasa starts a new tracker."""
    length, conversations = (60, 1) if small else (ENDS[-1], CONVERSATIONS)
    taken: list[list[float]] = [[] for _ in range(length)]
    other = [0] * length
    with whole(folder, Settings().model_dir) as service:
        door, asked = service.door(), questions()
        for _ in bar.track(range(WARM_UP // 10), description="warm-up"):
            visit = door.enter()
            for _ in range(10):
                visit.say(next(asked))
            visit.close()
        for number in range(conversations):
            visit = door.enter()
            for turn in bar.track(range(length), description=f"conversation {number + 1}"):
                ms, replies = timed(visit, next(asked))
                taken[turn].append(ms)
                other[turn] += all(reply["kind"] not in ("answer", "clarify", "boundary") for reply in replies)
            visit.close()
    points, begin = [], 0
    for end in ENDS:
        if end > length:
            break
        some = [ms for turn in taken[begin:end] for ms in turn]
        points.append({"turn": end, "turns": len(some), **figures(some), "other": sum(other[begin:end])})
        begin = end
    return points
