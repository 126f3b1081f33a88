"""Texts that come in. Any reasonable STOP ends the texts to its number; to anything else the answer is who to call.

Signed as Twilio signs its webhooks: HMAC-SHA1 over the address and the sorted fields
(https://www.twilio.com/docs/usage/security#validating-requests). Without a secret there is no such door.
"""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import structlog
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from clinic.booking.book import By
from clinic.booking.texting import is_stop, stop_texts
from clinic.clock import utc_now
from clinic.content import wording
from web.context import Context
from web.errors import Refused

router = APIRouter(prefix="/hooks", include_in_schema=False)
log = structlog.get_logger(__name__)
MOST_BYTES = 16 * 1024  # a long text and Twilio's own fields are about 2 KB


@router.post("/texts")
async def incoming(request: Request) -> Response:
    context: Context = request.app.state.context
    secret = context.settings.sms_webhook_secret.get_secret_value()
    if not secret:
        raise Refused(404, "not_found")
    fields = parse_qsl((await _body(request)).decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=200)
    shown = request.headers.get("X-Twilio-Signature", "")
    if not hmac.compare_digest(
        signature(secret, f"{context.settings.address}/hooks/texts", fields).encode(), shown.encode()
    ):
        log.warning("text.refused")
        raise Refused(401, "no_token")
    values = dict(fields)
    if is_stop(values.get("Body", ""), as_text=True):
        ended = await run_in_threadpool(_stop, context, values.get("From", ""))
        log.info("text.stopped", consents=ended)
        return _answer(None)
    clinic = context.settings.clinic
    return _answer(wording()["calls"]["sms"]["not_read"].format(clinic=clinic.name, phone=clinic.phone))


def signature(secret: str, address: str, fields: list[tuple[str, str]]) -> str:
    signed = address + "".join(name + value for name, value in sorted(fields))
    return base64.b64encode(hmac.new(secret.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def _stop(context: Context, phone: str) -> int:
    with context.database.transaction() as session:
        return stop_texts(session, phone=phone, by=By("text"), now=utc_now())


def _answer(words: str | None) -> Response:
    said = f"<Message>{escape(words)}</Message>" if words else ""
    body = f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>'
    return Response(body, media_type="text/xml", headers={"Cache-Control": "no-store"})


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise Refused(413, "bad_request")
    return bytes(body)
