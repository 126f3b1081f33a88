"""The demo page, the widget, and the style that all pages share."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse

router = APIRouter()
WEB = Path(__file__).parent
WIDGET = WEB / "widget"
# The widget's address is in other sites' pages: always asked for again, sent only when it has changed.
FRESH = {"Cache-Control": "no-cache"}


@router.get("/", include_in_schema=False)
async def demo() -> FileResponse:
    return FileResponse(WIDGET / "demo.html", headers=FRESH)


@router.get("/site.css", include_in_schema=False)
async def site_style() -> FileResponse:
    return FileResponse(WEB / "site.css", headers=FRESH)


@router.get("/demo.css", include_in_schema=False)
async def demo_style() -> FileResponse:
    return FileResponse(WIDGET / "demo.css", headers=FRESH)


@router.get("/widget.js", include_in_schema=False)
async def widget() -> FileResponse:
    # Other sites load it by <script>; without this their cross-origin isolation would refuse it.
    return FileResponse(
        WIDGET / "widget.js",
        media_type="text/javascript",
        headers=FRESH | {"Cross-Origin-Resource-Policy": "cross-origin"},
    )
