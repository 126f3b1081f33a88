"""Errors as the contract has them: `{"error": {"code", "message"}}`, each with the crisis resources."""

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from clinic.content import wording
from clinic.errors import ClinicError, NotAllowed, NotFound
from clinic.handoff.protocol import text
from web.metrics import REFUSED, UNHANDLED

log = structlog.get_logger(__name__)


class Refused(Exception):
    """A request that is not carried out. `code` is a key of data/wording.yml's errors."""

    def __init__(self, status: int, code: str, **details: object) -> None:
        super().__init__(code)
        self.status, self.code, self.details = status, code, details
        self.language = "en"


def error_response(status: int, code: str, *, language: str = "en", **details: object) -> JSONResponse:
    """The message names 988 and 911 as well: a refusal must not leave a person in danger with nothing."""
    REFUSED.labels(code).inc()
    book = wording()["errors_es" if language == "es" else "errors"]
    message = f"{book[code].format(**details)} {text('refusal', language)}"
    headers = {"Retry-After": "60"} if status == 429 else None
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status, headers=headers)


def _note_token(request: Request) -> None:
    """Whoever asks for a conversation without its token: the audit trail counts them by address."""
    address = request.client.host if request.client else "unknown"
    path = getattr(request.scope.get("route"), "path", "/api")[:64]
    request.app.state.context.refusals.note("api:token:refused", address=address, path=path)


def install_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(Refused)
    async def refused(request: Request, problem: Refused) -> JSONResponse:
        if problem.status == 401:
            _note_token(request)
        return error_response(problem.status, problem.code, language=problem.language, **problem.details)

    @app.exception_handler(ClinicError)
    async def domain(request: Request, problem: ClinicError) -> JSONResponse:
        if isinstance(problem, NotFound):
            return error_response(404, "not_found")
        if isinstance(problem, NotAllowed):
            _note_token(request)
            return error_response(401, "no_token")
        return error_response(400, "bad_request")

    @app.exception_handler(HTTPException)
    async def http(_request: Request, problem: HTTPException) -> JSONResponse:
        code = "not_found" if problem.status_code == 404 else "bad_request"
        return error_response(problem.status_code, code)

    @app.exception_handler(Exception)
    async def unhandled(request: Request, problem: Exception) -> JSONResponse:
        UNHANDLED.inc()
        # The address of a call's page is the key to it.
        path = "/calls/" if request.url.path.startswith("/calls/") else request.url.path
        log.error("request.failed", path=path, error=type(problem).__name__)
        return error_response(500, "internal")
