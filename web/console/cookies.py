"""The console's two cookies: the session's, and the one that ties a sign-in form to its browser before there is one."""

import hashlib
import hmac
import re
import secrets

from fastapi import Request
from starlette.responses import Response

from clinic.settings import Settings
from web.errors import Refused

SESSION, BEFORE = "lotus_console", "lotus_before"
LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}|::1|\[::1\]|localhost")
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def is_plain(request: Request) -> bool:
    """Plain http, which only development on the machine itself may use. Raises Refused elsewhere."""
    if request.url.scheme == "https":
        return False
    settings: Settings = request.app.state.context.settings
    if settings.mode == "production" or not LOOPBACK.fullmatch(request.url.hostname or ""):
        raise Refused(403, "needs_https")
    return True


def cookie_name(request: Request, name: str) -> str:
    """With https no other host and no http page can set or replace a cookie of this name."""
    return name if is_plain(request) else f"__Host-{name}"


def token_in(request: Request, name: str) -> str | None:
    """The cookie's value where it has the shape of a token of ours."""
    value = request.cookies.get(cookie_name(request, name), "")
    return value if TOKEN.fullmatch(value) else None


def set_token(response: Response, request: Request, name: str, token: str) -> None:
    """For the browser's session; how long a sign-in lasts is decided by the database."""
    response.set_cookie(
        cookie_name(request, name), token, path="/", secure=not is_plain(request), httponly=True, samesite="strict"
    )


def drop_token(response: Response, request: Request, name: str) -> None:
    response.delete_cookie(
        cookie_name(request, name), path="/", secure=not is_plain(request), httponly=True, samesite="strict"
    )


def csrf_of(token: str) -> str:
    """The form token that belongs to a cookie. A page of another site knows neither."""
    return hmac.new(token.encode(), b"lotus csrf", hashlib.sha256).hexdigest()


def is_csrf(token: str | None, shown: str) -> bool:
    return token is not None and hmac.compare_digest(csrf_of(token).encode(), shown.encode())


def form_token(request: Request) -> tuple[str, str]:
    """For a form on a page without sign-in: the token for its cookie, and the form's own token.

    Where the browser has a session, that one's is asked for first.
    """
    token = token_in(request, BEFORE) or secrets.token_urlsafe(32)
    return token, csrf_of(token_in(request, SESSION) or token)
