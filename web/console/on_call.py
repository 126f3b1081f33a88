"""Who is on call. Filled in with the on-call functions of clinic.handoff."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from web.console.access import ConsoleRoute, SignedIn
from web.console.rendering import page

router = APIRouter(prefix="/console/on-call", route_class=ConsoleRoute, include_in_schema=False)


@router.get("")
def show(request: Request, signed: SignedIn) -> Response:
    return page(request, "on_call.html", signed=signed)
