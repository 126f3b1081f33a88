"""A visitor over the HTTP API."""

import json
import secrets
import subprocess
import sys
from typing import Any, Self

import httpx

from cli.scratch import Scratch
from clinic.settings import ROOT

Message = dict[str, Any]


class Visitor:
    """One conversation. `say` and `tap` return the replies of that turn, without the visitor's own message."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=30)
        started = self.http.post("/api/conversations").raise_for_status().json()
        self.id: str = started["id"]
        self.token: str = started["token"]
        self.greeting: list[Message] = started["messages"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.id}/messages"

    def post(self, body: object, **options: Any) -> httpx.Response:
        return self.http.post(self.path, json=body, headers=self.headers, **options)

    def say(self, text: str, *, client_id: str | None = None) -> list[Message]:
        answer = self.post({"client_id": client_id or secrets.token_hex(8), "text": text})
        assert answer.status_code == 200, answer.text
        return answer.json()["messages"][1:]

    def tap(self, payload: str) -> list[Message]:
        answer = self.post({"client_id": secrets.token_hex(8), "payload": payload})
        assert answer.status_code == 200, answer.text
        return answer.json()["messages"][1:]

    def messages(self, after: int = 0) -> list[Message]:
        answer = self.http.get(self.path, params={"after": after}, headers=self.headers)
        return answer.raise_for_status().json()["messages"]


def lotus(service: Scratch, *arguments: str, as_json: bool = True) -> Any:
    """What `lotus … --json` prints for the running service's database; without `as_json` its plain text."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", *arguments, *(["--json"] if as_json else [])],
        cwd=ROOT,
        env=service.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout) if as_json else done.stdout


def of_conversation(service: Scratch, what: str, visitor: Visitor) -> list[Message]:
    """The escalations or appointments of one visitor."""
    return [row for row in lotus(service, what) if row["conversation_id"] == visitor.id]
