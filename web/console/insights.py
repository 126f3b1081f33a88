"""What visitors asked and got no answer to, in groups; clinic.insights leaves out who asked."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from clinic.clock import utc_now
from clinic.insights import report
from clinic.library import library
from clinic.masking import vocabulary
from web.console.access import ConsoleRoute, SignedIn
from web.console.parts import context_of
from web.console.rendering import page

router = APIRouter(prefix="/console/insights", route_class=ConsoleRoute, include_in_schema=False)
SPANS = (7, 30, 90)


@router.get("")
def show(request: Request, signed: SignedIn, days: Annotated[int, Query(ge=1, le=365)] = 30) -> Response:
    context = context_of(request)
    with context.database.reading() as session:
        made = report(session, days=days, zone=context.settings.clinic.zone, known=vocabulary(), now=utc_now())
    return page(request, "insights.html", signed=signed, report=made, days=days, spans=SPANS, title=library().title)
