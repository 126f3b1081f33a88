"""One's own account: password and authenticator app."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from clinic.clock import utc_now
from clinic.errors import InvalidInput
from clinic.staff.accounts import change_password
from web.console.access import ConsoleRoute, SignedIn
from web.console.parts import context_of, parts_of
from web.console.rendering import page

router = APIRouter(prefix="/console/account", route_class=ConsoleRoute, include_in_schema=False)


@router.get("/password")
def show_password(request: Request, signed: SignedIn) -> Response:
    return page(request, "password.html", signed=signed, error="", done="done" in request.query_params)


@router.post("/password")
def set_password(
    request: Request,
    signed: SignedIn,
    present: Annotated[str, Form(max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
    again: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    context, parts = context_of(request), parts_of(request)
    try:
        if not parts.passwords.verify(signed.staff.password_hash, present):
            raise InvalidInput("password_wrong")
        if new != again:
            raise InvalidInput("password_differs")
        with context.database.transaction() as session:
            change_password(
                session,
                staff_id=signed.id,
                password=new,
                passwords=parts.passwords,
                keep=signed.session.token_hash,
                now=utc_now(),
            )
    except InvalidInput as problem:
        return page(request, "password.html", signed=signed, status=400, error=problem.reason, done=False)
    return RedirectResponse("/console/account/password?done=1", 303)
