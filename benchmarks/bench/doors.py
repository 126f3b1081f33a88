"""The two doors a visitor's words go through: Rasa's REST channel, and `web`'s own API with an open event stream.

The standard library's client, because the cores are shared with what is measured: it costs a third of a millisecond a
turn, a richer one two.
"""

import contextlib
import http.client
import json
import secrets
from collections.abc import Callable
from typing import Any, Protocol, Self

Reply = dict[str, Any]
SECONDS = 30.0
CRISIS = ("crisis", "medical_emergency")


class Refused(Exception):
    """An answer other than success."""


class Visit(Protocol):
    """One conversation through a door."""

    def say(self, words: str) -> list[Reply]: ...

    def close(self) -> None: ...


class Door(Protocol):
    """One visitor's way in; `enter` begins a conversation. Not to be shared by threads."""

    def enter(self) -> Visit: ...

    def close(self) -> None: ...


class Connection:
    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> Any:
        try:
            answer = self._send(path, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._http.close()  # the server closed an idle connection in that moment
            answer = self._send(path, body, headers)
        got = answer.read()
        if answer.status >= 300:
            raise Refused(f"{path.split('/')[-1]}: {answer.status} {got[:200]!r}")
        return json.loads(got)

    def _send(self, path: str, body: object, headers: dict[str, str] | None) -> http.client.HTTPResponse:
        self._http.request(
            "POST", path, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})}
        )
        return self._http.getresponse()

    def close(self) -> None:
        self._http.close()


class RestDoor:
    """Rasa alone. `conversation` gives the id of a stored conversation, which bookings and handoffs refer to."""

    def __init__(self, port: int, conversation: Callable[[], str]) -> None:
        self._connection, self._conversation = Connection(port), conversation

    def enter(self) -> Visit:
        return RestVisit(self._connection, self._conversation())

    def close(self) -> None:
        self._connection.close()


class RestVisit:
    def __init__(self, connection: Connection, conversation: str) -> None:
        self._connection, self._id, self._epoch = connection, conversation, 0

    def say(self, words: str) -> list[Reply]:
        body = {"sender": f"{self._id}:{self._epoch}", "message": words, "metadata": {"language": "en"}}
        said = self._connection.post("/webhooks/rest/webhook", body)
        replies = [one["custom"] for one in said if "custom" in one]
        if any(one["kind"] in CRISIS for one in replies):
            self._epoch += 1  # as web does
        return replies

    def close(self) -> None: ...


class WebDoor:
    """The public API, as the widget uses it. The event stream stays open and is left to the socket's buffer."""

    def __init__(self, port: int) -> None:
        self._port, self._connection = port, Connection(port)

    def enter(self) -> Visit:
        return WebVisit(self._connection, self._port)

    def close(self) -> None:
        self._connection.close()


class WebVisit:
    def __init__(self, connection: Connection, port: int) -> None:
        self._connection = connection
        started = connection.post("/api/conversations", {})
        self._path = f"/api/conversations/{started['id']}"
        self._headers = {"Authorization": f"Bearer {started['token']}"}
        self.page = Page(port, self._path, self._headers)

    def say(self, words: str) -> list[Reply]:
        what = {"payload": words} if words.startswith("/") else {"text": words}
        body = {"client_id": secrets.token_hex(8), **what}
        return self._connection.post(f"{self._path}/messages", body, self._headers)["messages"][1:]

    def close(self) -> None:
        self.page.close()


class Page:
    """An open event stream of a conversation."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        self._http.request("GET", f"{path}/events", headers={**headers, "Accept": "text/event-stream"})
        self._stream: http.client.HTTPResponse | None = None

    def read_until(self, wanted: bytes) -> None:
        """Reads events until a line holds `wanted`."""
        self._stream = self._stream or self._http.getresponse()
        while wanted not in self._stream.readline():
            pass

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
