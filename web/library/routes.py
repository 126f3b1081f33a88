"""/library and its pages. They need neither Rasa nor the database."""

import hashlib
from datetime import date
from pathlib import Path

import jinja2
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

import screen
from clinic.clock import utc_now
from clinic.content import wording
from clinic.handoff.finding import WITHHOLDING_RISKS, Finding
from clinic.handoff.protocol import buttons, resources, text, withheld_topics
from clinic.library import fill, library, shelves
from clinic.search import search
from clinic.settings import ClinicInfo
from web.pages import FRESH
from web.security import HEADERS

router = APIRouter(include_in_schema=False)
HERE = Path(__file__).parent
LONGEST_QUERY = 200  # characters; the search field holds no more
CRISIS_LINKS = ["call_988", "text_988", "call_911"]
# The search is a form that is sent to this site; everywhere else no form may be sent at all.
FORM_POLICY = HEADERS["Content-Security-Policy"].replace("form-action 'none'", "form-action 'self'")


def in_words(day: date) -> str:
    """November 23, 2026"""
    return f"{day:%B} {day.day}, {day.year}"


templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
templates.filters |= {"in_words": in_words, "fill": fill}


@router.get("/library.css")
async def style() -> FileResponse:
    return FileResponse(HERE / "library.css", headers=FRESH)


@router.get("/library.js")
async def script() -> FileResponse:
    return FileResponse(HERE / "library.js", media_type="text/javascript", headers=FRESH)


@router.get("/library")
def list_topics(request: Request, q: str = "") -> Response:
    query = q[:LONGEST_QUERY].strip()
    book, danger = library(), risk_in(query)
    hidden = withheld_topics() if danger and danger.risk in WITHHOLDING_RISKS else frozenset()
    found = [page for page in search(query, book.pages.values()) if page.topic not in hidden]
    return render(
        request, "list.html", query=query, danger=danger, found=found, book=book, headings=shelves().filled(book)
    )


@router.get("/library/{topic}")
def show_topic(request: Request, topic: str) -> Response:
    book = library()
    answer = book.pages.get(topic)
    if answer is None:
        guesses = search(topic[:LONGEST_QUERY].replace("_", " "), book.pages.values())
        return render(request, "missing.html", status=404, query="", guesses=guesses[:5])
    return render(
        request,
        "topic.html",
        answer=answer,
        heading=next(one for one in shelves().filled(book) if topic in one.topics),
        sources=[book.sources[key] for key in answer.sources],
        related=[book.pages[one] for one in answer.related if one in book.pages],
        crisis_first=topic in shelves().crisis_line_first,
    )


def risk_in(query: str) -> Finding | None:
    """What the crisis screen sees in a search. It gets the numbers on the page; there is no chat to hand over."""
    found = screen.assess(query)
    if found.severity is None:
        return None
    return Finding(found.risk, found.severity, "screen", found.about, found.language)


def render(request: Request, template: str, *, status: int = 200, **values: object) -> Response:
    """The template filled in. A browser asks again each time, since an edit shows at once; 304 if nothing changed."""
    clinic: ClinicInfo = request.app.state.context.settings.clinic
    [clinic_link] = buttons(["call_clinic"])
    body = templates.get_template(template).render(
        **values,
        address=f"{request.base_url}{request.url.path.lstrip('/')}",
        clinic=clinic,
        clinic_link=clinic_link,
        crisis_line=text("after_crisis_line"),
        crisis_links=buttons(CRISIS_LINKS),
        longest_query=LONGEST_QUERY,
        resources=resources,
        today=utc_now().astimezone(clinic.zone).date(),
        words=wording()["library"],
    )
    # What somebody searched for is kept nowhere.
    keeping = "no-store" if values.get("query") else "no-cache"
    headers = {"Content-Security-Policy": FORM_POLICY, "Cache-Control": keeping}
    if status == 200:
        headers["ETag"] = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return Response(status_code=304, headers=headers)
    return HTMLResponse(body, status, headers)
