"""Signing in and out: the password, then the code of an authenticator app."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from clinic.audit import record
from clinic.clock import utc_now
from clinic.staff import sign_in as domain
from clinic.staff.sessions import end_session, hash_token, purge_sessions
from clinic.staff.totp import SecretUnreadable, qr_svg
from web.console.access import ConsoleRoute, Signed, SignInFirst, address_of, who_signed_in
from web.console.cookies import BEFORE, SESSION, drop_token, form_token, is_plain, set_token, token_in
from web.console.parts import context_of, parts_of
from web.console.rendering import error_page, page

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)
OWN_PAGE = re.compile(r"/console(?:/[A-Za-z0-9_-]+)*")
# Hashing is slow on purpose. Two at a time leave the processors to the crisis screen, however many sign in.
hashing = ThreadPoolExecutor(2, thread_name_prefix="password")


@router.get("/sign-in")
def show_sign_in(request: Request, next: str = "") -> Response:
    is_plain(request)  # refused where it could be read on the way
    return _form(request, next)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form()] = "",
) -> Response:
    context, parts, address = context_of(request), parts_of(request), address_of(request)
    if await context.limits.is_sign_in_blocked(address):
        context.refusals.note("console:sign_in:blocked", address=address)
        return _form(request, next, error="sign_in_blocked", status=429)

    def check() -> domain.SignedIn | None:
        done = domain.sign_in(
            context.database,
            email=email,
            password=password,
            passwords=parts.passwords,
            needs_code=parts.needs_code,
            address=address,
            now=utc_now(),
        )
        if done:
            with context.database.transaction() as session:
                purge_sessions(session, lifetimes=parts.lifetimes, now=utc_now())
        return done

    done = await asyncio.get_running_loop().run_in_executor(hashing, check)
    if done is None:
        await context.limits.count_failed_sign_in(address)
        return _form(request, next, error="sign_in_wrong", status=403)
    before = token_in(request, SESSION)
    if before:
        await asyncio.to_thread(_end, request, before)
    where = safe_next(next) if done.is_complete else f"/console/sign-in/code?next={safe_next(next)}"
    return _signed(request, done, where)


@router.get("/sign-in/code")
def show_code(request: Request, next: str = "") -> Response:
    """Asks for a code; where no phone is enrolled yet, shows what to scan first."""
    return _code_form(request, _waiting(request), next)


@router.post("/sign-in/code")
async def check_code(
    request: Request, code: Annotated[str, Form(max_length=20)] = "", next: Annotated[str, Form()] = ""
) -> Response:
    context, parts, address = context_of(request), parts_of(request), address_of(request)
    waiting = await asyncio.to_thread(_waiting, request)

    def check() -> domain.SignedIn | None:
        with context.database.transaction() as session:
            return domain.check_code(
                session, waiting=waiting.session, code=code, vault=parts.vault, address=address, now=utc_now()
            )

    try:
        done = await asyncio.to_thread(check)
    except SecretUnreadable:
        return error_page(request, 500, "totp_unreadable")
    if done is None:
        await context.limits.count_failed_sign_in(address)
        if await asyncio.to_thread(who_signed_in, request) is None:  # that was the last try
            return _form(request, next, error="sign_in_wrong", status=403)
        return await asyncio.to_thread(_code_form, request, waiting, next, error="sign_in_wrong", status=403)
    return _signed(request, done, safe_next(next))


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    signed, now = who_signed_in(request), utc_now()
    if signed:
        with context_of(request).database.transaction() as session:
            end_session(session, token_hash=signed.session.token_hash)
            record(session, "console:sign_out:done", actor=signed.id, subject_id=signed.id, now=now)
    response = RedirectResponse("/console/sign-in", 303)
    drop_token(response, request, SESSION)
    return response


@router.get("/session")
def show_session(request: Request) -> dict[str, bool]:
    """Whether this browser is signed in. After a click in an email the first page comes without the strict cookie."""
    found = who_signed_in(request)
    return {"signed_in": found is not None and found.session.is_complete}


def safe_next(wanted: str) -> str:
    """Only pages of the console; anything else would let a link send people to a copy of this page elsewhere."""
    return wanted if OWN_PAGE.fullmatch(wanted) else "/console"


def _waiting(request: Request) -> Signed:
    """Somebody between password and code. Raises SignInFirst, also where the sign-in is complete already."""
    signed = who_signed_in(request)
    if signed is None:
        raise SignInFirst("/console/sign-in")
    if signed.session.is_complete:
        raise SignInFirst("/console")
    return signed


def _form(request: Request, wanted: str, *, error: str = "", status: int = 200) -> HTMLResponse:
    token, csrf = form_token(request)
    response = page(request, "sign_in.html", status=status, csrf=csrf, error=error, wanted=safe_next(wanted))
    set_token(response, request, BEFORE, token)
    return response


def _code_form(request: Request, waiting: Signed, wanted: str, *, error: str = "", status: int = 200) -> HTMLResponse:
    context, parts = context_of(request), parts_of(request)
    secret = picture = None
    if waiting.staff.totp_secret is None:
        with context.database.transaction() as session:
            secret = domain.secret_to_enrol(session, waiting=waiting.session, vault=parts.vault)
        picture = qr_svg(secret, email=waiting.staff.email, issuer=context.settings.clinic.name)
    return page(
        request,
        "code.html",
        status=status,
        csrf=waiting.csrf,
        error=error,
        wanted=safe_next(wanted),
        secret=secret,
        picture=picture,
    )


def _signed(request: Request, done: domain.SignedIn, where: str) -> Response:
    response = RedirectResponse(where, 303)
    set_token(response, request, SESSION, done.token)
    if done.is_complete:
        drop_token(response, request, BEFORE)
    return response


def _end(request: Request, token: str) -> None:
    with context_of(request).database.transaction() as session:
        end_session(session, token_hash=hash_token(token))
