"""Several Rasa processes stand in for each other; real servers on loopback."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from clinic.settings import Settings
from tests.own_loop import in_own_loop
from web.rasa import RasaClient, RasaFailed

ANSWER = json.dumps([{"recipient_id": "chat:0", "custom": {"kind": "answer", "text": "hello"}}]).encode()


class Server:
    """Answers, breaks the connection, or stays silent; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked, self.does = 0, "answer"
        self.released = threading.Event()
        self.url = ""


@contextmanager
def served() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            state.asked += 1
            self.rfile.read(int(self.headers["Content-Length"]))
            if state.does == "break":
                self.connection.close()
                self.close_connection = True
                return
            if state.does == "hang":
                state.released.wait(10)
            self.send_response(200)
            self.send_header("Content-Length", str(len(ANSWER)))
            self.end_headers()
            self.wfile.write(ANSWER)

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http.server_port}"
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        state.released.set()
        http.shutdown()
        http.server_close()


@pytest.fixture
def two() -> Iterator[list[Server]]:
    with served() as one, served() as other:
        yield [one, other]


class Asking:
    """One client over several questions."""

    def __init__(self, *urls: str, seconds: float = 5.0) -> None:
        self.urls, self.seconds = urls, seconds

    def ask(self, *senders: str) -> list[str]:
        """What came of each: the kind of its reply, or why there is none."""

        async def run() -> list[str]:
            client = RasaClient(self.urls, seconds=self.seconds)
            found = []
            for sender in senders:
                try:
                    [reply] = await client.ask(sender=sender, text="hi", metadata={})
                    found.append(reply.kind)
                except RasaFailed as problem:
                    found.append(problem.cause)
            await client.close()
            return found

        return in_own_loop(run())


def test_a_conversation_keeps_to_one_and_conversations_spread_over_all(two: list[Server]) -> None:
    asking = Asking(*(one.url for one in two))
    asking.ask("chat:0", "chat:0", "chat:1")
    assert sorted(one.asked for one in two) == [0, 3]
    asking.ask(*(f"chat-{number}:0" for number in range(20)))
    assert all(one.asked > 3 for one in two)


@pytest.mark.parametrize("does", ["break", "gone"])
def test_where_one_is_gone_or_breaks_the_other_answers_at_once(two: list[Server], does: str) -> None:
    two[0].does = does
    urls = ["http://127.0.0.1:9" if does == "gone" else two[0].url, two[1].url]
    assert Asking(*urls).ask(*(f"chat-{number}:0" for number in range(10))) == ["answer"] * 10
    assert two[1].asked == 10
    assert two[0].asked <= 1  # asked last for some seconds


def test_one_that_is_silent_costs_one_turn_and_is_then_asked_last(two: list[Server]) -> None:
    two[0].does = "hang"
    asking = Asking(*(one.url for one in two), seconds=0.5)
    found = asking.ask(*(f"chat-{number}:0" for number in range(10)))
    assert found.count("timeout") == 1
    assert found.count("answer") == 9


def test_where_all_are_gone_the_failure_is_named() -> None:
    assert Asking("http://127.0.0.1:9", "http://127.0.0.1:9/x").ask("chat:0") == ["unreachable"]


def test_a_single_address_is_tried_twice_since_several_may_be_behind_it(two: list[Server]) -> None:
    two[0].does = "break"
    assert Asking(two[0].url).ask("chat:0") == ["unreachable"]
    assert two[0].asked == 2


def test_addresses_are_read_with_commas_between_them() -> None:
    assert Settings(rasa_url="http://a:1/, http://b:2").rasa == ["http://a:1", "http://b:2"]
    assert Settings(rasa_port=5105).rasa == ["http://127.0.0.1:5105"]
