"""Answers that a clinician has to look at: never reviewed, or due again."""

from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from clinic.clock import utc_now
from clinic.library import library
from web.console.access import ConsoleRoute, SignedIn
from web.console.parts import context_of
from web.console.rendering import page

router = APIRouter(prefix="/console/content", route_class=ConsoleRoute, include_in_schema=False)
SOON = timedelta(days=30)


@router.get("")
def show(request: Request, signed: SignedIn) -> Response:
    today = utc_now().astimezone(context_of(request).settings.clinic.zone).date()
    answers = sorted(library().answers.values(), key=lambda answer: (answer.next_review, answer.title))
    overdue = [answer for answer in answers if answer.next_review < today]
    soon = [answer for answer in answers if today <= answer.next_review < today + SOON]
    waiting = [answer for answer in answers if answer.awaits_review]
    return page(
        request,
        "content.html",
        signed=signed,
        overdue=overdue,
        soon=soon,
        waiting=waiting,
        total=len(answers),
        has_page=library().pages,
    )
