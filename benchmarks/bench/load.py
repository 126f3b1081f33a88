"""Visitors in a closed circle: each says the next thing as soon as the last one is answered."""

import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from benchmarks.bench.doors import Door, Reply, Visit
from benchmarks.bench.talk import Conversation


@dataclass
class Samples:
    """What turns took, in ms, by the kind of turn; `spans` are (turns, seconds) with every visitor busy."""

    taken: list[tuple[str, float]] = field(default_factory=list)
    spans: list[tuple[int, float]] = field(default_factory=list)
    silent: int = 0  # turns without a reply
    unlike: int = 0  # replies of Rasa that failed, safe_text
    refused: int = 0

    def ms(self, kind: str | None = None) -> list[float]:
        return [taken for one, taken in self.taken if kind in (None, one)]

    @property
    def per_second(self) -> float:
        seconds = sum(span for _, span in self.spans)
        return sum(turns for turns, _ in self.spans) / seconds if seconds else 0.0


def quantile(taken: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed; 0 where there are none."""
    if len(taken) < 2:
        return taken[0] if taken else 0.0
    return statistics.quantiles(taken, n=1000, method="inclusive")[min(998, max(0, round(share * 1000) - 1))]


def first_offer(replies: list[Reply]) -> str:
    buttons = replies[-1]["buttons"] if replies else []
    return buttons[0]["title"] if buttons else "as soon as possible"


class Load:
    """Lets `visitors` play conversations through a door, block by block; samples grow with each block."""

    def __init__(self, door: Callable[[], Door], visitors: int, on_turn: Callable[[], None] = lambda: None) -> None:
        self._doors = [door() for _ in range(visitors)]
        self._on_turn, self._lock = on_turn, threading.Lock()
        self.samples = Samples()

    def play(self, conversations: Sequence[Conversation]) -> None:
        """Returns once all have been played to their end."""
        waiting: SimpleQueue[Conversation] = SimpleQueue()
        for conversation in conversations:
            waiting.put(conversation)
        started, ended, finished = time.perf_counter(), threading.Event(), 0

        def visit(door: Door) -> None:
            nonlocal finished
            while True:
                try:
                    conversation = waiting.get_nowait()
                except Empty:
                    break
                visit = door.enter()
                said: list[Reply] = []
                for step in conversation:
                    said = self._say(visit, step.kind, step.words, said)
                    if not ended.is_set():
                        with self._lock:
                            finished += 1
                visit.close()
            with self._lock:
                if not ended.is_set():  # the first visitor with nothing left to do: from here on fewer are busy
                    ended.set()
                    self.samples.spans.append((finished, time.perf_counter() - started))

        with ThreadPoolExecutor(len(self._doors)) as pool:
            list(pool.map(visit, self._doors))
        turns = sum(map(len, conversations))
        if self.samples.spans[-1][0] < turns / 2:  # a small trial: hardly ever was every visitor busy
            self.samples.spans[-1] = (turns, time.perf_counter() - started)

    def _say(self, visit: Visit, kind: str, words: str, said: list[Reply]) -> list[Reply]:
        words = words.replace("{first}", first_offer(said))
        started = time.perf_counter()
        try:
            replies = visit.say(words)
        except Exception as problem:
            with self._lock:
                self.samples.refused += 1
            raise SystemExit(f"a turn failed: {type(problem).__name__}: {problem}") from problem
        taken = (time.perf_counter() - started) * 1000
        with self._lock:
            self.samples.taken.append((kind, taken))
            self.samples.silent += not replies
            self.samples.unlike += any(one["kind"] == "safe_text" for one in replies)
        self._on_turn()
        return replies

    def close(self) -> None:
        for door in self._doors:
            door.close()


class Alarms:
    """Beside a load: new conversations whose first message shows risk, at a steady pace, while the block lasts."""

    def __init__(self, door: Callable[[], Door], text: Callable[[], str], per_second: float) -> None:
        self._door, self._text, self._pause = door, text, 1 / per_second
        self.taken: list[float] = []
        self.unanswered = 0

    def __enter__(self) -> "Alarms":
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        door = self._door()
        while not self._over.is_set():
            visit = door.enter()
            started = time.perf_counter()
            replies = visit.say(self._text())
            taken = time.perf_counter() - started
            visit.close()
            if any(one["kind"] in ("crisis", "medical_emergency") for one in replies):
                self.taken.append(taken * 1000)
            else:
                self.unanswered += 1
            self._over.wait(max(0.0, self._pause - taken))
        door.close()
