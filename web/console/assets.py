"""The console's style and scripts. They hold nothing private."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

from web.pages import FRESH

router = APIRouter(prefix="/console/assets", include_in_schema=False)
HERE = Path(__file__).parent


@router.get("/console.css")
async def style() -> FileResponse:
    return FileResponse(HERE / "console.css", headers=FRESH)


@router.get("/common.js")
async def common() -> FileResponse:
    return FileResponse(HERE / "common.js", media_type="text/javascript", headers=FRESH)


@router.get("/sign_in.js")
async def sign_in() -> FileResponse:
    return FileResponse(HERE / "sign_in.js", media_type="text/javascript", headers=FRESH)


@router.get("/queue.js")
async def queue() -> FileResponse:
    return FileResponse(HERE / "queue.js", media_type="text/javascript", headers=FRESH)


@router.get("/conversation.js")
async def conversation() -> FileResponse:
    return FileResponse(HERE / "conversation.js", media_type="text/javascript", headers=FRESH)


@router.get("/calls.css")
async def calls_style() -> FileResponse:
    return FileResponse(HERE / "calls.css", headers=FRESH)


@router.get("/calls.js")
async def calls() -> FileResponse:
    return FileResponse(HERE / "calls.js", media_type="text/javascript", headers=FRESH)


@router.get("/call.js")
async def call() -> FileResponse:
    return FileResponse(HERE / "call.js", media_type="text/javascript", headers=FRESH)
