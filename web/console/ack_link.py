"""The page behind the link in an alert: it shows what the alert was for, and only its button acknowledges.

A mail scanner that follows the link changes nothing. The link needs no sign-in, so the page says no more than the
alert did.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from clinic.clock import utc_now
from clinic.handoff.ack_link import ack_from_link, read_ack_link
from web.console.access import ConsoleRoute
from web.console.cookies import BEFORE, form_token, set_token
from web.console.parts import context_of
from web.console.rendering import page

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)


@router.get("/ack/{token}")
def show(request: Request, token: str) -> Response:
    context = context_of(request)
    with context.database.reading() as session:
        link = read_ack_link(session, key=context.settings.secret, token=token, now=utc_now())
    before, csrf = form_token(request)
    response = page(request, "ack.html", link=link, csrf=csrf, done=False)
    set_token(response, request, BEFORE, before)
    return response


@router.post("/ack/{token}")
def acknowledge(request: Request, token: str) -> Response:
    context = context_of(request)
    with context.database.transaction() as session:
        link = ack_from_link(session, key=context.settings.secret, token=token, now=utc_now())
    return page(request, "ack.html", link=link, csrf="", done=True)
