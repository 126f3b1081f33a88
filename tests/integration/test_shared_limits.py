"""Limits over several `web` processes: each is a RateLimits of its own, Redis is real."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import Redis

from clinic.settings import Settings
from tests.own_loop import in_own_loop
from tests.redis_server import redis_server
from web.errors import Refused
from web.limits import FAILED_SIGN_INS, RateLimits


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with redis_server() as running:
        yield running


def two(url: str, folder: Path) -> tuple[RateLimits, RateLimits]:
    """Of two processes of one service."""
    settings = Settings(data_dir=folder, secret_key="k" * 32, messages_per_minute=10, redis_url=SecretStr(url))
    return RateLimits(settings), RateLimits(settings)


def run[T](work: Callable[[RateLimits, RateLimits], Awaitable[T]], limits: tuple[RateLimits, RateLimits]) -> T:
    async def all_of_it() -> T:
        try:
            return await work(*limits)
        finally:
            for one in limits:
                await one.close()

    return in_own_loop(all_of_it())


async def taken(first: RateLimits, second: RateLimits) -> int:
    """How many of thirty messages of one conversation are taken, sent to the two in turn."""
    done = 0
    for number in range(30):
        try:
            await (first, second)[number % 2].count_message("the conversation")
            done += 1
        except Refused:
            pass
    return done


def test_a_conversation_gets_no_more_messages_through_by_using_two_processes(url: str, tmp_path: Path) -> None:
    assert run(taken, two(url, tmp_path)) == 10


def test_sign_ins_that_failed_at_one_process_count_at_the_other(url: str, tmp_path: Path) -> None:
    async def guess(first: RateLimits, second: RateLimits) -> bool:
        for _ in range(FAILED_SIGN_INS):
            await first.count_failed_sign_in("192.0.2.7")
        return await second.is_sign_in_blocked("192.0.2.7")

    assert run(guess, two(url, tmp_path))


def test_redis_holds_no_address_and_forgets(url: str, tmp_path: Path) -> None:
    async def open_one(first: RateLimits, _second: RateLimits) -> None:
        await first.count_conversation("192.0.2.8")

    run(open_one, two(url, tmp_path))
    with Redis.from_url(url) as redis:
        keys = [str(key) for key in redis.scan_iter("lotus:limits*conversation*")]
        assert keys
        assert not [key for key in keys if "192.0.2.8" in key]
        assert all(0 < redis.ttl(key) <= 3600 for key in redis.scan_iter("lotus:limits*"))  # type: ignore[operator]


def test_without_redis_each_process_counts_by_itself_and_refuses_nobody_for_it(tmp_path: Path) -> None:
    with redis_server() as gone:
        pass
    assert run(taken, two(gone, tmp_path)) == 20


def test_a_redis_that_stalls_holds_up_one_message_and_no_second_one(tmp_path: Path) -> None:
    async def with_a_silent_server(first: RateLimits, second: RateLimits) -> float:
        before = asyncio.get_running_loop().time()
        await taken(first, second)
        return asyncio.get_running_loop().time() - before

    async def stall() -> float:
        never = asyncio.Event()

        async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await never.wait()
            writer.close()

        server = await asyncio.start_server(hold, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        limits = two(f"redis://127.0.0.1:{port}/0", tmp_path)
        took = await with_a_silent_server(*limits)
        never.set()
        for one in limits:
            await one.close()
        server.close()
        return took

    assert in_own_loop(stall()) < 5
