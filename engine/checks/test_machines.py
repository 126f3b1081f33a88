"""Several action servers stand in for each other; locks without Redis, and with one that does not answer."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, List, Text

from aiohttp import web
from rasa.utils.endpoints import EndpointConfig

from engine.lock_store import SharedLockStore
from engine.patches import actions
from engine.serving import arguments


def nobody() -> Text:
    """An address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


async def served(asked: List[Text], breaks: bool = False) -> web.AppRunner:
    async def hook(request: web.Request) -> web.Response:
        asked.append("breaks" if breaks else "answers")
        if breaks:
            request.transport.abort()
        return web.json_response({"events": [], "responses": []})

    app = web.Application()
    app.router.add_post("/webhook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


def url(runner: web.AppRunner) -> Text:
    return "http://{}:{}/webhook".format(*runner.addresses[0])


def test_where_an_action_server_is_gone_or_breaks_the_other_one_answers() -> None:
    async def run() -> None:
        asked: List[Text] = []
        good, bad = await served(asked), await served(asked, breaks=True)
        for other in (f"http://{nobody()}/webhook", url(bad)):
            endpoint = EndpointConfig(f"{other},{url(good)}")
            for _ in range(4):
                status, answer = await actions._post(endpoint, {"next_action": "x"})
                assert (status, answer) == (200, {"events": [], "responses": []})
            await actions._session(endpoint).close()
        assert asked.count("answers") == 8
        assert asked.count("breaks") <= 1  # asked last for some seconds
        await good.cleanup()
        await bad.cleanup()

    asyncio.run(run())


async def hold_both(store: SharedLockStore, conversations: List[Text]) -> int:
    """The most that had their lock at the same time."""
    now, most = 0, 0

    async def one(conversation: Text) -> None:
        nonlocal now, most
        async with store.lock(conversation):
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.02)
            now -= 1

    await asyncio.gather(*(one(name) for name in conversations))
    return most


def stores() -> List[Any]:
    return [SharedLockStore(EndpointConfig(address)) for address in (None, "", f"redis://{nobody()}/0")]


def test_without_redis_a_conversation_s_messages_come_one_after_the_other() -> None:
    for store in stores():
        assert asyncio.run(hold_both(store, ["a:0"] * 5)) == 1


def test_without_redis_conversations_do_not_wait_for_each_other() -> None:
    for store in stores():
        assert asyncio.run(hold_both(store, ["a:0", "b:0", "c:0"])) == 3


def test_the_server_s_arguments_come_from_the_environment() -> None:
    import os

    before = dict(os.environ)
    try:
        os.environ.update({"LOTUS_TRACKER_URL": "sqlite://", "LOTUS_ACTIONS_URL": "http://a:1,http://b:2/webhook"})
        os.environ.update({"LOTUS_RASA_HOST": "127.0.0.2", "LOTUS_RASA_PORT": "5999", "LOTUS_MODEL_DIR": "/models"})
        given = arguments()
        assert given[:5] == ["run", "--interface", "127.0.0.2", "--port", "5999"]
        assert given[given.index("--model") + 1] == "/models/lotus-guide.tar.gz"
        assert os.environ["LOTUS_ACTIONS_URL"] == "http://a:1/webhook,http://b:2/webhook"
    finally:
        os.environ.clear()
        os.environ.update(before)
