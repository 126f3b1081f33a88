"""/healthz: the process answers. /readyz: a real turn went through Rasa and an action. /metrics: Prometheus."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from clinic.clock import utc_now
from web.context import Context
from web.handoff_metrics import measure_handoffs
from web.rasa import RasaFailed

router = APIRouter()


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(request: Request) -> JSONResponse:
    context: Context = request.app.state.context
    checks = {"database": await asyncio.to_thread(_database, context), "assistant": await _assistant(context)}
    ready = all(state == "ok" for state in checks.values())
    return JSONResponse({"status": "ready" if ready else "not ready", "checks": checks}, 200 if ready else 503)


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    await asyncio.to_thread(measure_handoffs, request.app.state.context.database)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _database(context: Context) -> str:
    try:
        with context.database.reading() as session:
            session.execute(text("SELECT 1 FROM conversations LIMIT 1"))
        return "ok"
    except SQLAlchemyError as problem:
        return type(problem).__name__


async def _assistant(context: Context) -> str:
    # No conversation of a visitor, and a new one each minute: a tracker that only grows gets slow.
    sender = f"readiness-{utc_now():%Y%m%d%H%M}"
    try:
        replies = await context.rasa.ask(sender=sender, text="/greet", metadata={"probe": True})
    except RasaFailed as problem:
        return problem.cause
    return "ok" if replies[0].kind == "smalltalk" else "unexpected"
