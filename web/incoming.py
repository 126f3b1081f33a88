"""Reading a visitor's POST: whatever the body looks like, the screen gets its words before anything is refused."""

import contextlib
import json
import re
from dataclasses import dataclass

from fastapi import Request

from web.errors import Refused

MAX_TEXT = 2_000  # characters of a message
SCREENED = 10_000  # characters the screen reads of an over-long one
MAX_BODY = 64 * 1024  # bytes read; 10,000 characters of JSON fit, escaped too
CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
TEXT_FIELD = re.compile(r'"text"\s*:\s*"((?:[^"\\]|\\.)*)')
# What a database or a log cannot hold: NUL, and halves of surrogate pairs.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class Incoming:
    """One message as it came in. `refusal` is why it would be refused, were it not a matter of life and death."""

    client_id: str
    text: str
    payload: str | None = None
    refusal: Refused | None = None


async def read_incoming(request: Request) -> Incoming:
    """Never raises for what the body holds: a refusal is returned, with as many of its words as can be found."""
    raw, complete = await _read_body(request)
    if not complete:
        return Incoming("", _words_in(raw), refusal=Refused(413, "too_long", limit=MAX_TEXT))
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return Incoming("", _words_in(raw), refusal=Refused(400, "bad_json"))
    if not isinstance(body, dict):
        return Incoming("", _words_in(raw), refusal=Refused(400, "bad_request"))
    return _check(body)


def _check(body: dict[str, object]) -> Incoming:
    client_id, text, payload = body.get("client_id"), body.get("text"), body.get("payload")
    words = text if isinstance(text, str) else ""
    refusal = None
    if not (isinstance(client_id, str) and CLIENT_ID.fullmatch(client_id)):
        client_id, refusal = "", Refused(400, "bad_request")
    elif isinstance(payload, str) and text is None:
        if not payload or len(payload) > 200 or UNSTORABLE.search(payload):
            return Incoming(client_id, payload[:200], refusal=Refused(400, "unknown_payload"))
        return Incoming(client_id, payload, payload=payload)
    elif not isinstance(text, str) or payload is not None:
        refusal = Refused(400, "bad_request")
    elif UNSTORABLE.search(text):
        refusal = Refused(400, "bad_characters")
    elif not _is_visible(text):
        refusal = Refused(400, "empty")
    elif len(text) > MAX_TEXT:
        refusal = Refused(413, "too_long", limit=MAX_TEXT)
    return Incoming(client_id, UNSTORABLE.sub("", words)[:SCREENED], refusal=refusal)


def _is_visible(text: str) -> bool:
    """Whether anything would be seen: spaces, controls and zero-width characters alone would not."""
    return any(character.isprintable() and not character.isspace() for character in text)


async def _read_body(request: Request) -> tuple[bytes, bool]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return bytes(body[:MAX_BODY]), False
    return bytes(body), True


def _words_in(raw: bytes) -> str:
    """The text field's beginning of a broken or cut body, or else the body itself."""
    body = raw.decode("utf-8", "replace")
    found = TEXT_FIELD.search(body)
    words = found[1] if found else body
    with contextlib.suppress(ValueError):
        words = json.loads(f'"{words}"', strict=False)
    return UNSTORABLE.sub("", words)[:SCREENED]
