"""Calls as a table to take along, for admins: it holds names and numbers, so each export is in the audit trail."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from clinic.booking.export import as_csv, export_rows
from clinic.clock import utc_now
from clinic.errors import InvalidInput
from web.console.access import Admin, ConsoleRoute
from web.console.parts import context_of
from web.console.rendering import page

router = APIRouter(prefix="/console/calls/export", route_class=ConsoleRoute, include_in_schema=False)
MARK = "\ufeff"  # by this a spreadsheet knows that it is UTF-8: José stays José


@router.get("")
def show(request: Request, signed: Admin) -> Response:
    today = utc_now().astimezone(context_of(request).settings.clinic.zone).date()
    monday = today - timedelta(days=today.weekday())
    week = (monday.isoformat(), (monday + timedelta(days=6)).isoformat())
    return page(request, "calls_export.html", signed=signed, first=week[0], last=week[1], error="")


@router.post("")
def export(
    request: Request,
    signed: Admin,
    first: Annotated[str, Form(max_length=20)] = "",
    last: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """A file; or the page again, with what was typed."""
    context = context_of(request)
    try:
        try:
            days = date.fromisoformat(first), date.fromisoformat(last)
        except ValueError as problem:
            raise InvalidInput("day_unclear") from problem
        with context.database.transaction() as session:
            rows = export_rows(
                session,
                first=days[0],
                last=days[1],
                actor=signed.id,
                clinic=context.settings.clinic,
                now=utc_now(),
            )
    except InvalidInput as problem:
        error = problem.reason
        return page(request, "calls_export.html", signed=signed, status=400, first=first, last=last, error=error)
    name = f"calls-{days[0].isoformat()}-to-{days[1].isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(MARK + as_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)
