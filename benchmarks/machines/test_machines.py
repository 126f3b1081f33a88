"""The long form: `make test-machines`. Not part of `make test`; about five minutes on two free processors."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from redis import Redis

from benchmarks.machines.engines import RedisServer, until
from benchmarks.machines.run import UP_AGAIN_SECONDS, Report, run
from cli.train import ENGINE
from clinic.settings import ROOT
from web.fanout import FanOut, News

LEASE_SECONDS = 3.0  # engine/lock_store.py
KILLED = ["web-1", "web-2", "rasa-1", "rasa-2", "actions-1", "actions-2", "worker-1", "worker-2", "redis"]
LEASE = """
import asyncio, os, signal, sys
from engine import __main__ as engine
engine.prepare()
from rasa.utils.endpoints import EndpointConfig
from engine.lock_store import SharedLockStore

async def hold():
    async with SharedLockStore(EndpointConfig(sys.argv[1])).lock("chat:0"):
        print("held", flush=True)
        await asyncio.sleep(float(sys.argv[2]))
        print("released", flush=True)

asyncio.run(hold())
"""
pytestmark = pytest.mark.timeout(3_600)


@pytest.fixture(scope="module")
def report() -> Report:
    return run(KILLED, say=lambda line: sys.stderr.write(line + "\n"))


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


def test_there_was_something_to_lose(report: Report) -> None:
    assert [kill.name for kill in report.kills] == KILLED
    assert all(kill.messages for kill in report.kills)
    assert report.verdict.crises > 3
    assert report.verdict.booked > 3


@pytest.mark.parametrize(
    "what",
    [
        "lost",
        "doubled",
        "out_of_order",
        "not_shown",
        "without_resources",
        "escalations_wrong",
        "not_alerted",
        "bookings_wrong",
    ],
)
def test_nothing_was(report: Report, what: str) -> None:
    assert getattr(report.verdict, what) == []


@pytest.mark.parametrize("name", KILLED)
def test_the_service_is_up_again_in_time_without(report: Report, name: str) -> None:
    kill = next(one for one in report.kills if one.name == name)
    assert kill.up_again is not None
    assert kill.up_again <= UP_AGAIN_SECONDS


def test_processes_hear_of_each_other_through_redis_also_after_it_was_gone(redis: RedisServer) -> None:
    async def talk() -> list[News]:
        one, other = FanOut(redis.url), FanOut(redis.url)
        heard: list[News] = []
        running = [asyncio.create_task(one.run(lambda _: None)), asyncio.create_task(other.run(heard.append))]

        async def told(number: str) -> None:
            while not any(news["conversation"] == number for news in heard):
                one.tell(what="stored", conversation=number)
                await asyncio.sleep(0.1)

        await asyncio.wait_for(told("one"), 20)
        await asyncio.to_thread(redis.kill)
        await asyncio.to_thread(redis.start)
        await asyncio.wait_for(told("two"), 20)
        for task in running:
            task.cancel()
        return heard

    heard = asyncio.run(talk())
    assert all(news.keys() == {"what", "conversation"} for news in heard)


def test_the_lock_of_a_rasa_is_renewed_while_it_lives_and_ends_soon_after_it(redis: RedisServer) -> None:
    def holder(seconds: str) -> subprocess.Popen[str]:
        command = [str(ENGINE), "-c", LEASE, redis.url, seconds]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    def left() -> int:
        """Milliseconds until the lock ends by itself; negative where there is none."""
        return int(cast(int, asked.pttl("lotus:turn:chat:0")))

    first = holder("600")
    with Redis.from_url(redis.url) as asked:
        try:
            assert first.stdout
            assert first.stdout.readline() == "held\n"
            seen = [left()]

            def is_renewed() -> bool:
                seen.append(left())
                return seen[-1] > seen[-2] > 0

            until(is_renewed, "the lock was not renewed")
        finally:
            first.kill()
        until(lambda: left() < 0, "the lock did not end", LEASE_SECONDS + 1)
    assert holder("0").communicate(timeout=60)[0] == "held\nreleased\n"
