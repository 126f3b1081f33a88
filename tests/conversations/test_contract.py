"""The HTTP contract: order, repeats, resuming, refusals."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from cli.scratch import Scratch
from tests.visitor import Message, Visitor, of_conversation


def test_the_same_client_id_five_times_at_once_is_one_message_and_one_reply(visitor: Visitor) -> None:
    body = {"client_id": "once", "text": "how does ketamine work?"}
    with ThreadPoolExecutor(5) as pool:
        answers = [answer.json() for answer in pool.map(lambda _: visitor.post(body), range(5))]
    assert all(answer == answers[0] for answer in answers)
    assert [message["role"] for message in visitor.messages()] == ["assistant", "visitor", "assistant"]


def test_a_crisis_five_times_at_once_is_one_message_one_reply_and_one_escalation(
    service: Scratch, visitor: Visitor
) -> None:
    body = {"client_id": "once", "text": "i want to die"}
    with ThreadPoolExecutor(5) as pool:
        answers = [answer.json() for answer in pool.map(lambda _: visitor.post(body), range(5))]
    assert all(answer == answers[0] for answer in answers)
    assert [message["role"] for message in visitor.messages()] == ["assistant", "visitor", "assistant"]
    assert len(of_conversation(service, "escalations", visitor)) == 1


def test_messages_sent_at_once_are_answered_one_after_the_other(visitor: Visitor) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(visitor.say, ["hello", "how does ketamine work?", "is it addictive?", "thank you"]))
    messages = visitor.messages()
    assert [message["id"] for message in messages] == sorted(message["id"] for message in messages)
    assert sum(message["role"] == "visitor" for message in messages) == 4
    assert sum(message["role"] == "assistant" for message in messages) == 5


def read_events(visitor: Visitor, count: int, after: int = 0) -> list[Message]:
    """The stream's first `count` messages."""
    found: list[Message] = []
    headers = visitor.headers | {"Last-Event-ID": str(after)}
    with visitor.http.stream("GET", f"/api/conversations/{visitor.id}/events", headers=headers) as stream:
        event_id = ""
        for line in stream.iter_lines():
            if line.startswith("id:"):
                event_id = line[3:].strip()
            elif line.startswith("data:"):
                found.append(json.loads(line[5:]))
                assert event_id == str(found[-1]["id"])
            if len(found) == count:
                break
    return found


def test_the_stream_resumes_after_the_last_event_id(visitor: Visitor) -> None:
    visitor.say("how does ketamine work?")
    everything = read_events(visitor, 3)
    assert everything == visitor.messages()
    assert read_events(visitor, 1, after=everything[1]["id"]) == everything[2:]


def test_two_open_pages_see_the_same_messages_in_the_same_order(service: Scratch, visitor: Visitor) -> None:
    seen: list[list[Message]] = []
    pages = [threading.Thread(target=lambda: seen.append(read_events(visitor, 5))) for _ in range(2)]
    for page in pages:
        page.start()
    visitor.say("how does ketamine work?")
    visitor.say("i want to die")
    for page in pages:
        page.join(20)
    assert len(seen) == 2
    assert seen[0] == seen[1] == visitor.messages()


def test_after_gives_only_what_is_newer(visitor: Visitor) -> None:
    visitor.say("hello")
    first = visitor.messages()[0]["id"]
    assert all(message["id"] > first for message in visitor.messages(after=first))


BAD_BODIES = {
    "bad json": (b"{", 400),
    "not an object": (b"[1]", 400),
    "no text": (b'{"client_id": "a"}', 400),
    "no client_id": (b'{"text": "hello"}', 400),
    "client_id of spaces": (b'{"client_id": "  ", "text": "hello"}', 400),
    "text and payload": (b'{"client_id": "a", "text": "hello", "payload": "/greet"}', 400),
    "text that is a number": (b'{"client_id": "a", "text": 5}', 400),
    "empty text": (b'{"client_id": "a", "text": ""}', 400),
    "blank text": (b'{"client_id": "a", "text": " \\n\\t "}', 400),
    "zero-width text": (b'{"client_id": "a", "text": "\\u200b\\u200d"}', 400),
    "a NUL byte": (b'{"client_id": "a", "text": "hel\\u0000lo"}', 400),
    "half a surrogate pair": (b'{"client_id": "a", "text": "\\ud83d"}', 400),
    "one megabyte": (b'{"client_id": "a", "text": "' + b"ab " * 350_000 + b'"}', 413),
    "2,001 characters": (b'{"client_id": "a", "text": "' + b"a" * 2_001 + b'"}', 413),
    "deep nesting": (b"[" * 50_000, 400),
    "an unknown payload": (b'{"client_id": "a", "payload": "/restart"}', 400),
    "a crisis payload": (b'{"client_id": "a", "payload": "/express_crisis"}', 400),
    "a link as payload": (b'{"client_id": "a", "payload": "tel:911"}', 400),
    "invalid UTF-8": (b'{"client_id": "a", "text": "\xff\xfe"}', 400),
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body_is_refused_clearly_and_stores_nothing(visitor: Visitor, name: str) -> None:
    body, status = BAD_BODIES[name]
    answer = visitor.http.post(visitor.path, content=body, headers=visitor.headers)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"]
    assert "988" in error["message"]
    assert "Traceback" not in answer.text
    assert visitor.messages() == visitor.greeting


CRISIS_IN_A_BAD_BODY = {
    "one megabyte": b'{"client_id": "a", "text": "i want to kill myself. ' + b"ab " * 350_000 + b'"}',
    "3,000 characters": b'{"client_id": "a", "text": "' + b"it rains. " * 300 + b'i want to kill myself"}',
    "a NUL byte": b'{"client_id": "a", "text": "i want to kill\\u0000 myself"}',
    "broken json": b'{"client_id": "a", "text": "i want to kill myself"',
    "no client_id": b'{"text": "i want to kill myself"}',
}


@pytest.mark.parametrize("name", CRISIS_IN_A_BAD_BODY)
def test_a_crisis_is_never_refused_for_the_shape_of_its_request(service: Scratch, visitor: Visitor, name: str) -> None:
    answer = visitor.http.post(visitor.path, content=CRISIS_IN_A_BAD_BODY[name], headers=visitor.headers)
    assert answer.status_code == 200
    assert answer.json()["messages"][-1]["kind"] == "crisis"
    assert len(of_conversation(service, "escalations", visitor)) == 1


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic abc", "Bearer " + "x" * 5_000])
def test_a_wrong_token_opens_nothing(visitor: Visitor, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    body = {"client_id": "a", "text": "hello"}
    answers = [
        visitor.http.post(visitor.path, json=body, headers=headers),
        visitor.http.get(visitor.path, headers=headers),
        visitor.http.get(f"/api/conversations/{visitor.id}/events", headers=headers),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert visitor.messages() == visitor.greeting


def test_an_unknown_conversation_is_not_found(visitor: Visitor) -> None:
    answer = visitor.http.get("/api/conversations/nobody/messages", headers=visitor.headers)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"


def test_every_response_forbids_third_parties(site: str) -> None:
    for path in ("/", "/widget.js", "/healthz", "/nothing-here"):
        policy = httpx.get(site + path, trust_env=False).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy


def test_readiness_and_metrics_answer(site: str) -> None:
    assert httpx.get(f"{site}/readyz", trust_env=False).json()["status"] == "ready"
    assert "lotus_turns_total" in httpx.get(f"{site}/metrics", trust_env=False).text


def test_no_log_line_holds_a_visitors_words(service: Scratch, visitor: Visitor) -> None:
    words: list[Any] = ["Quetzalcoatl asks how ketamine works", "please call Xiomarabella tomorrow", "Zyxwvutsrq"]
    for text in words:
        visitor.say(text)
    visitor.http.post(visitor.path, content=b'{"client_id": "x", "text": "Brokenquokka', headers=visitor.headers)
    log = (service.folder / "serve.log").read_text()
    assert visitor.id in log
    for secret in ("Quetzalcoatl", "Xiomarabella", "Zyxwvutsrq", "Brokenquokka", visitor.token):
        assert secret not in log
