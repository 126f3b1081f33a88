"""Where the milliseconds of one turn in Rasa go: `engine/.venv/bin/python -m benchmarks.profile_turn [--turns 200]`.

Loads the model in this process as `engine` does, starts an action server beside it, and asks held-out questions, five
to a conversation, one at a time. Each part's figure is its own time, without the parts inside of it. What Rasa's web
server adds is not in it (benchmarks.one_message has that). `--stock` leaves out the run-time patches, `--functions`
prints the functions with the most own time by cProfile. On a busy machine compare the
second column. The last line is one JSON object, in ms a turn.
"""

import argparse
import asyncio
import cProfile
import csv
import importlib
import inspect
import json
import os
import pstats
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = ROOT / "tests/data/answers_heldout.tsv"
WARM_UP, PER_CONVERSATION = 30, 5
# Part of a turn: where it is entered.
PARTS = {
    "lock": ["rasa.core.lock_store:LockStore.issue_ticket", "rasa.core.lock_store:LockStore.cleanup"],
    "tracker store: read": ["engine.tracker_store:RememberingTrackerStore.retrieve"],
    "tracker store: write": ["engine.tracker_store:RememberingTrackerStore.save"],
    "graph runner, understanding": ["rasa.core.processor:MessageProcessor._parse_message_with_graph"],
    "encoder": ["engine.graph.encoder:Encoder._opinion"],
    "classifier": ["engine.graph.classifier:TopicClassifier.process"],
    "graph runner, prediction": ["rasa.core.processor:MessageProcessor._predict_next_with_tracker"],
    "RulePolicy": ["rasa.core.policies.rule_policy:RulePolicy.predict_action_probabilities"],
    "slot extraction": ["rasa.core.actions.action:ActionExtractSlots.run"],
    "tracker copies": ["rasa.shared.core.trackers:DialogueStateTracker.copy"],
    "finding the action": ["rasa.core.actions.action:action_for_name_or_text"],
    "action call: building": ["rasa.core.actions.action:RemoteAction._action_call_format"],
    "action call: HTTP and action": ["rasa.utils.endpoints:EndpointConfig.request"],
    "action call: checking": ["rasa.core.actions.action:RemoteAction._validate_action_result"],
}


class Clock:
    """Own time per part, in seconds by the clock and of this process: entering a part stops the one around it."""

    def __init__(self) -> None:
        self.spent: dict = defaultdict(lambda: [0.0, 0.0])
        self._open, self._since = ["the rest of Rasa"], self._now()

    @staticmethod
    def _now() -> tuple:
        return time.perf_counter(), time.process_time()

    def enter(self, part: str) -> None:
        self._lap()
        self._open.append(part)

    def leave(self) -> None:
        self._lap()
        self._open.pop()

    def restart(self) -> None:
        self.spent.clear()
        self._since = self._now()

    def _lap(self) -> None:
        now = self._now()
        for kind in range(2):
            self.spent[self._open[-1]][kind] += now[kind] - self._since[kind]
        self._since = now

    def wrap(self, part: str, work):
        if inspect.iscoroutinefunction(work):

            async def timed(*args, **kwargs):
                self.enter(part)
                try:
                    return await work(*args, **kwargs)
                finally:
                    self.leave()
        else:

            def timed(*args, **kwargs):
                self.enter(part)
                try:
                    return work(*args, **kwargs)
                finally:
                    self.leave()

        return timed


def watch(clock: Clock) -> None:
    """Before the model is loaded: its nodes keep hold of their functions."""
    for part, places in PARTS.items():
        for place in places:
            module, _, path = place.partition(":")
            *owners, name = path.split(".")
            holder = importlib.import_module(module)
            for owner in owners:
                holder = getattr(holder, owner)
            setattr(holder, name, clock.wrap(part, getattr(holder, name)))


def action_server(folder: str) -> tuple:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LOTUS_")}
    own = {"LOTUS_DATA_DIR": folder, "LOTUS_ACTIONS_PORT": str(port), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([str(ROOT / ".venv/bin/python"), "-m", "actions"], cwd=ROOT, env=kept | own)
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2)
            return process, f"http://127.0.0.1:{port}/webhook"
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the action server did not start")


def questions(number: int) -> list:
    with (ROOT / "data/topics.tsv").open(encoding="utf-8", newline="") as file:
        answered = {row["topic"] for row in csv.DictReader(file, delimiter="\t") if row["kind"] == "answer"}
    with QUESTIONS.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [row["question"] for row in rows if row["topic"] in answered][:number]


async def ask_all(asked: list, profile: object, clock: Clock, model: str) -> list:
    from rasa.core.agent import load_agent
    from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
    from rasa.core.utils import AvailableEndpoints

    watch(clock)
    agent = await load_agent(model, endpoints=AvailableEndpoints.read_endpoints("endpoints.yml"))
    taken, sender, silent = [], "", 0
    for number, question in enumerate(asked):
        if number == WARM_UP:
            clock.restart()
            profile.enable()
        if number % PER_CONVERSATION == 0:
            sender = f"{secrets.token_hex(8)}:0"
        message = UserMessage(
            question, CollectingOutputChannel(), sender, input_channel="rest", metadata={"language": "en"}
        )
        started = time.perf_counter()
        await agent.handle_message(message)
        taken.append((time.perf_counter() - started) * 1000)
        silent += not message.output_channel.messages
    profile.disable()
    if silent > len(asked) / 20:  # a few questions are read as emergencies, which need a conversation of web's
        raise SystemExit(f"{silent} of {len(asked)} questions had no reply")
    return taken[WARM_UP:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--stock", action="store_true", help="without the run-time patches of engine/")
    parser.add_argument("--functions", action="store_true")
    parser.add_argument("--model", default="models/lotus-guide.tar.gz")
    options = parser.parse_args()
    os.chdir(ROOT)
    if not options.stock:
        importlib.import_module("engine.__main__").prepare()
    import logging

    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.INFO)
    logging.disable(logging.CRITICAL)
    clock, profile = Clock(), cProfile.Profile() if options.functions else Idle()
    with tempfile.TemporaryDirectory() as folder:
        process, url = action_server(folder)
        os.environ |= {"LOTUS_ACTIONS_URL": url, "LOTUS_TRACKER_URL": f"sqlite:///{folder}/tracker.db"}
        try:
            taken = asyncio.run(ask_all(questions(options.turns + WARM_UP), profile, clock, options.model))
        finally:
            process.terminate()
            process.wait(20)
    if options.functions:
        pstats.Stats(profile, stream=sys.stdout).sort_stats("tottime").print_stats(45)
    parts = {part: [round(1000 * one / len(taken), 2) for one in spent] for part, spent in clock.spent.items()}
    print("| part | ms a turn | of these, this process on a core |\n|---|---|---|")
    for part, (by_clock, on_core) in sorted(parts.items(), key=lambda item: -item[1][1]):
        print(f"| {part} | {by_clock} | {on_core} |")
    whole = [sum(spent[kind] for spent in parts.values()) for kind in range(2)]
    print(f"| a turn, mean | {whole[0]:.1f} | {whole[1]:.1f} |\n| a turn, median | {statistics.median(taken):.1f} | |")
    print(json.dumps({"turns": len(taken), "median": round(statistics.median(taken), 1), "parts": parts}))


class Idle:
    def enable(self) -> None: ...

    def disable(self) -> None: ...


if __name__ == "__main__":
    main()
