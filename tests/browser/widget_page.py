"""The chat as a visitor sees it: the words tests use for it."""

import json
from typing import Self

from playwright.sync_api import Locator, Page, Route, expect

API = "**/api/conversations**"
CREATE = "**/api/conversations"
POST_MESSAGE = "**/api/conversations/*/messages"
LEAVE_URL = "https://www.wikipedia.org/"
QUESTION = "how does ketamine work?"
CRISIS = "i dont want to be alive anymore"
STORAGE_KEY = "lotus-guide"


class WidgetPage:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.launcher = page.locator("lotus-guide .launcher")
        self.panel = page.get_by_role("dialog", name="Lotus Guide")
        self.log = page.get_by_role("log", name="Conversation")
        self.input = page.get_by_label("Your message")
        self.send_button = page.get_by_role("button", name="Send", exact=True)
        self.resources = page.get_by_role("group", name="Help right now")
        self.messages = page.locator("lotus-guide .message")

    def visit(self) -> Self:
        self.page.goto("/")
        expect(self.page.locator("lotus-guide")).to_be_attached()
        return self

    def open(self) -> Self:
        """Opens the chat and waits until a visitor may write."""
        self.launcher.click()
        expect(self.input).to_be_enabled()
        return self

    def say(self, text: str) -> None:
        self.input.fill(text)
        self.send_button.click()

    def ask(self, text: str, *, kind: str) -> Locator:
        """Says it and returns the first reply of that kind, once it is there."""
        self.say(text)
        reply = self.of_kind(kind).last
        expect(reply).to_be_visible()
        return reply

    def of_kind(self, kind: str) -> Locator:
        return self.page.locator(f'lotus-guide [data-kind="{kind}"]')

    def by(self, role: str) -> Locator:
        return self.page.locator(f'lotus-guide [data-role="{role}"]')

    def saying(self, text: str) -> Locator:
        return self.by("visitor").filter(has_text=text)

    def texts(self) -> list[str]:
        return self.messages.locator(".text").all_text_contents()

    def stored(self) -> dict | None:
        """What this tab keeps in its session storage."""
        return self.page.evaluate("key => JSON.parse(sessionStorage.getItem(key))", STORAGE_KEY)

    def kept_by_the_server(self) -> list[dict]:
        """Every message of this tab's conversation, as the API lists them."""
        kept = self.stored()
        assert kept
        answer = self.page.request.get(
            f"/api/conversations/{kept['id']}/messages?after=0",
            headers={"Authorization": f"Bearer {kept['token']}"},
        )
        return answer.json()["messages"]


def assert_large_enough_to_press(target: Locator) -> None:
    """At least 44 x 44 CSS pixels; a tenth is left for a panel that is still sliding in."""
    box = target.bounding_box()
    assert box
    assert round(box["width"], 1) >= 44
    assert round(box["height"], 1) >= 44


def message(identifier: int, **fields: object) -> dict:
    """A message as the API writes it, for the tests that stand in for the server."""
    return {
        "id": identifier,
        "role": "assistant",
        "kind": "answer",
        "topic": "mechanism",
        "text": "An answer.",
        "buttons": [],
        "sources": [],
        "created_at": "2026-01-01T00:00:00+00:00",
    } | fields


def script_conversation(page: Page, *messages: dict) -> None:
    """Stands in for the server: a new conversation that holds exactly these messages after the disclosure."""
    first = message(1, kind="disclosure", topic=None, text="I am an automated assistant.")
    answer = {"id": "scripted", "token": "scripted", "messages": [first, *messages]}
    page.route(API, lambda route: route.fulfill(status=200, content_type="text/event-stream", body=": ping\n\n"))
    page.route(CREATE, lambda route: route.fulfill(status=201, json=answer))


def send_events(messages: list[dict]):
    """A route handler that answers like the event stream, with these messages."""
    body = "".join(f"id: {kept['id']}\nevent: message\ndata: {json.dumps(kept)}\n\n" for kept in messages)
    return lambda route: route.fulfill(content_type="text/event-stream", body=body)


def fail_with(status: int, code: str, words: str):
    """A route handler that answers like the API refusing something."""

    def handle(route: Route) -> None:
        route.fulfill(status=status, json={"error": {"code": code, "message": words}})

    return handle
