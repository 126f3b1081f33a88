"""Templates of the console, filled in; every page is private and kept by no cache."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse

from clinic.booking import words
from clinic.booking.desk import Due, count_due
from clinic.booking.hours_words import hours_in_words
from clinic.booking.questions import of_call_in_words
from clinic.clock import iso, utc_now
from clinic.staff.words import console_words
from web.library.routes import FORM_POLICY

if TYPE_CHECKING:
    from web.console.access import Signed

HERE = Path(__file__).parent
# A form that posts and is answered with a redirect counts as sent to the redirect's target: both are ours.
HEADERS = {"Content-Security-Policy": FORM_POLICY, "Cache-Control": "no-store"}

templates = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def clock(moment: datetime, zone: Any) -> str:
    """Nov 23, 10:30 in the clinic's zone."""
    local = moment.astimezone(zone)
    return f"{local:%b} {local.day}, {local:%H:%M}"


def moment(when: datetime, zone: Any) -> str:
    """Sat, Nov 28, 20:00 in the clinic's zone."""
    local = when.astimezone(zone)
    return f"{local:%a}, {local:%b} {local.day}, {local:%H:%M}"


def age(since: datetime, now: datetime) -> str:
    """How long ago, in the two largest units; the page's script keeps it ticking."""
    minutes = max(0, int((now - since).total_seconds()) // 60)
    if minutes < 1:
        return "under 1 min"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def day_words(day: date) -> str:
    return f"{day:%A}, {day:%B} {day.day}"


def until(when: datetime, now: datetime) -> str:
    """How long until then, as `age`; the page's script keeps it ticking."""
    return "now" if when <= now else f"in {age(now, when)}"


def hour(when: datetime, zone: Any) -> str:
    """9:30 AM in the clinic's zone: what was said to the caller."""
    return words.clock(when.astimezone(zone))


def day_short(day: date) -> str:
    """Mon, Nov 30"""
    return f"{day:%a}, {day:%b} {day.day}"


def of_call(when: datetime, zone: Any) -> str:
    """Mon, Nov 30, 9:30 AM in the clinic's zone."""
    return f"{day_short(when.astimezone(zone).date())}, {hour(when, zone)}"


FILTERS = (iso, clock, age, day_words, moment, until, hour, day_short, of_call, words.phone_in_words)
templates.filters |= {one.__name__: one for one in FILTERS}
templates.filters |= {"hours": hours_in_words}
templates.globals |= {
    "of_call_in_words": of_call_in_words,
    "moment_in_words": words.moment_in_words,
    "days_of": timedelta,
    "from_iso": datetime.fromisoformat,
}


def page(
    request: Request, template: str, *, signed: "Signed | None" = None, status: int = 200, **values: Any
) -> HTMLResponse:
    """The filled-in template; `signed` is whose page it is, None before anybody has signed in."""
    context = request.app.state.context
    clinic = context.settings.clinic

    def calls_due() -> Due:
        with context.database.reading() as session:
            return count_due(session, now=utc_now())

    body = templates.get_template(template).render(
        calls_due=calls_due,
        clinic=clinic,
        now=utc_now(),
        path=request.url.path,
        query=request.query_params,
        signed=signed,
        words=console_words(),
        zone=clinic.zone,
        **values,
    )
    return HTMLResponse(body, status, HEADERS)


def error_page(
    request: Request, status: int, code: str, *, signed: "Signed | None" = None, **details: str
) -> HTMLResponse:
    errors = console_words()["errors"]
    message = errors.get(code, errors["bad_request"]).format(**details)
    return page(request, "error.html", signed=signed, status=status, message=message)
