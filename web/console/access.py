"""Who may do what: the session behind a request, roles, form tokens, and refusals as pages."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from clinic.audit import record
from clinic.clock import utc_now
from clinic.errors import ClinicError, Conflict, InvalidInput, NotAllowed, NotFound
from clinic.staff.models import Staff, StaffRole, StaffSession
from clinic.staff.sessions import find_session, is_due, note_seen
from web.console.cookies import BEFORE, SESSION, csrf_of, is_csrf, token_in
from web.console.parts import context_of, parts_of
from web.console.rendering import HEADERS, error_page
from web.errors import Refused

MOST_BYTES = 64 * 1024
# What the domain gives as reason, and the wording for it.
NOT_ALLOWED = {
    "crisis_trained": "not_trained",
    "owner": "not_owner",
    "link": "link",
    "link_age": "link",
    "person": "link",
}
# What an open page asks by itself says nothing of whether anybody sits in front of it.
BY_ITSELF = ("/events", "-rows", "/thread", "/state", "/session", "/count", "/version")
CSRF_FIELD, CSRF_HEADER = "csrf", "X-CSRF-Token"


@dataclass(frozen=True)
class Signed:
    """Who is signed in. `csrf` goes into every form."""

    staff: Staff
    session: StaffSession
    csrf: str

    @property
    def id(self) -> str:
        return self.staff.id

    @property
    def is_admin(self) -> bool:
        return self.staff.role == StaffRole.admin


class SignInFirst(Exception):
    """Nobody is signed in, or something has to be done first, at `where`."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


def address_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def is_script(request: Request) -> bool:
    """Asked by a script of a page, which wants a status and no page."""
    return CSRF_HEADER in request.headers or request.headers.get("Sec-Fetch-Mode") not in (None, "navigate")


def who_signed_in(request: Request) -> Signed | None:
    """Also a sign-in that still waits for its code; None where the cookie opens nothing."""
    token = token_in(request, SESSION)
    if token is None:
        return None
    context, parts, now = context_of(request), parts_of(request), utc_now()
    with context.database.reading() as session:
        found = find_session(session, token=token, lifetimes=parts.lifetimes, now=now)
    if found is None:
        return None
    held, staff = found
    if is_due(held, now=now) and not request.url.path.endswith(BY_ITSELF):
        with context.database.transaction() as session:
            note_seen(session, token_hash=held.token_hash, now=now)
    return Signed(staff, held, csrf_of(token))


def signed_in(request: Request) -> Signed:
    """Raises SignInFirst, also while a code or a password of one's own is missing."""
    found = who_signed_in(request)
    if found is None:
        _note_stranger(request)
        raise SignInFirst(_sign_in_address(request))
    if not found.session.is_complete:
        raise SignInFirst("/console/sign-in/code")
    if found.staff.must_change_password and request.url.path != "/console/account/password":
        raise SignInFirst("/console/account/password")
    request.state.signed = found
    return found


def admin(request: Request, signed: Annotated[Signed, Depends(signed_in)]) -> Signed:
    """Raises Refused (403) for everybody else, which the audit trail keeps."""
    if not signed.is_admin:
        note_refusal(request, signed, "console:page:refused")
        raise Refused(403, "forbidden")
    return signed


def trained(request: Request, signed: Annotated[Signed, Depends(signed_in)]) -> Signed:
    if not signed.staff.crisis_trained:
        note_refusal(request, signed, "console:page:refused")
        raise Refused(403, "not_trained")
    return signed


SignedIn = Annotated[Signed, Depends(signed_in)]
Admin = Annotated[Signed, Depends(admin)]
Trained = Annotated[Signed, Depends(trained)]


def note_refusal(request: Request, signed: Signed, tag: str) -> None:
    with context_of(request).database.transaction() as session:
        record(session, tag, actor=signed.id, subject_id=_page_of(request), now=utc_now())


def _note_step(request: Request) -> None:
    """A step that the domain refused: to somebody signed in, or to whoever holds a link that does not count."""
    signed: Signed | None = getattr(request.state, "signed", None)
    if signed:
        note_refusal(request, signed, "console:step:refused")
    else:
        address = address_of(request)
        context_of(request).refusals.note("link:escalation:refused", address=address, path=_page_of(request))


def _note_stranger(request: Request) -> None:
    refusals, address = context_of(request).refusals, address_of(request)
    if "authorization" in request.headers:
        refusals.note("console:token:refused", address=address, path=_page_of(request))
    elif token_in(request, SESSION):
        refusals.note("console:session:refused", address=address, path=_page_of(request))


def _page_of(request: Request) -> str:
    """The route's pattern, which holds no id and nothing that somebody typed."""
    return getattr(request.scope.get("route"), "path", "/console")[:64]


def _sign_in_address(request: Request) -> str:
    if request.method != "GET" or request.url.path in ("/console", "/console/events"):
        return "/console/sign-in"
    return f"/console/sign-in?next={quote(request.url.path)}"


class ConsoleRoute(APIRoute):
    """Each POST shows its form token before anything else runs; refusals are pages, or a status for scripts."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                if request.method == "POST":
                    await _check_form(request)
                response = await handle(request)
            except SignInFirst as problem:
                response = _elsewhere(request, problem.where)
            except Refused as problem:
                response = refusal(request, problem.status, problem.code)
            except InvalidInput as problem:
                response = refusal(request, 400, problem.reason)
            except NotFound:
                response = refusal(request, 404, "not_found")
            except Conflict as problem:
                response = _conflict(request, problem)
            except NotAllowed as problem:
                await run_in_threadpool(_note_step, request)
                response = refusal(request, 403, NOT_ALLOWED.get(str(problem), "forbidden"))
            except (RequestValidationError, ClinicError):
                response = refusal(request, 400, "bad_request")
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return guarded


def refusal(request: Request, status: int, code: str, **details: str) -> Response:
    signed: Signed | None = getattr(request.state, "signed", None)
    if is_script(request):
        return JSONResponse({"error": {"code": code}}, status)
    return error_page(request, status, code, signed=signed, **details)


def _conflict(request: Request, problem: Conflict) -> Response:
    owner = getattr(problem, "owner", None)
    if owner:
        return refusal(request, 409, "held_by_another", owner=owner)
    return refusal(request, 409, str(problem) if str(problem) == "last_admin" else "conflict")


def _elsewhere(request: Request, where: str) -> Response:
    if is_script(request):
        return JSONResponse({"error": {"code": "signed_out"}}, 401)
    return RedirectResponse(where, 303)


async def _check_form(request: Request) -> None:
    """Raises Refused. The token is the one of the session, or of the sign-in page where there is none yet."""
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise Refused(411, "bad_request")
    if int(length) > MOST_BYTES:
        raise Refused(413, "too_large")
    shown = request.headers.get(CSRF_HEADER) or str((await request.form()).get(CSRF_FIELD, ""))
    token = token_in(request, SESSION) or token_in(request, BEFORE)
    same_site = request.headers.get("Sec-Fetch-Site") in (None, "same-origin", "none")
    if same_site and is_csrf(token, shown):
        return
    signed = await run_in_threadpool(who_signed_in, request)
    if signed:
        await run_in_threadpool(note_refusal, request, signed, "console:csrf:refused")
    else:
        context_of(request).refusals.note("console:csrf:refused", address=address_of(request))
    raise Refused(403, "csrf")
