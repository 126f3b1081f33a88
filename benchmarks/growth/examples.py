"""What more training examples cost and bring: training, memory, a turn in Rasa, and the topics found."""

from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks.bench import ours, stock
from benchmarks.bench.found import topics_found
from benchmarks.bench.services import ours as running_ours
from benchmarks.growth.asking import figures, questions, timed
from cli.train import MODEL

SIZES = (1_000, 2_000, 5_000, 10_000, 20_000)  # the last one stands for all there are
TURNS, PER_VISIT = 120, 6


def measure(folder: Path, bar: Progress, small: bool) -> list[dict[str, Any]]:
    every = sum(map(len, stock.examples().values()))
    points = []
    for size in bar.track(SIZES[:2] if small else SIZES, description="sizes"):
        some = stock.examples(min(1.0, size / every))
        place = folder / str(size)
        place.mkdir(parents=True)
        (place / "nlu.yml").write_text(stock.nlu_file(some), encoding="utf-8")
        seconds = ours.train(place / "models", place / "nlu.yml")
        found = topics_found(place / "models" / MODEL, stock=False)
        point = {"examples": sum(map(len, some.values())), "train_s": round(seconds, 1)}
        points.append(point | _ask(place, bar) | {"found_first": found["first"]})
    return points


def _ask(place: Path, bar: Progress) -> dict[str, Any]:
    taken, asked = [], questions()
    with running_ours(place / "service", place / "models") as rasa:
        ids = rasa.conversations(TURNS // PER_VISIT + 2)
        door = rasa.door(ids)
        for number in bar.track(range(-2, TURNS // PER_VISIT), description=f"{place.name}: asking"):
            visit = door.enter()
            some = [timed(visit, next(asked))[0] for _ in range(PER_VISIT)]
            taken += some if number >= 0 else []
        door.close()
        memory = round(rasa.rasa().memory_info().rss / 1e6)
    size = (place / "models" / MODEL).stat().st_size
    return {**figures(taken), "rasa_rss_mb": memory, "model_mb": round(size / 1e6, 1)}
