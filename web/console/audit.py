"""The audit trail, for admins: newest first, by kind and by person, a page at a time."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from starlette.responses import Response

from clinic.audit import AuditEntry, record
from clinic.clock import utc_now
from clinic.staff.accounts import list_staff
from web.console.access import Admin, ConsoleRoute
from web.console.parts import context_of
from web.console.rendering import page

router = APIRouter(prefix="/console/audit", route_class=ConsoleRoute, include_in_schema=False)
PAGE = 50


@router.get("")
def show(
    request: Request,
    signed: Admin,
    tag: Annotated[str, Query(max_length=64)] = "",
    actor: Annotated[str, Query(max_length=32)] = "",
    subject: Annotated[str, Query(max_length=64)] = "",
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """`before` is the id that the page of before ended with: rows that come in meanwhile shift nothing."""
    context = context_of(request)
    with context.database.transaction() as session:
        record(session, "console:audit:read", actor=signed.id, subject_id="audit", now=utc_now())
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(PAGE + 1)
    if tag:
        query = query.where(AuditEntry.tag == tag)
    if actor:
        query = query.where(AuditEntry.actor == actor)
    if subject:
        query = query.where(AuditEntry.subject_id == subject)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    with context.database.reading() as session:
        entries = session.scalars(query).all()
        tags = session.scalars(select(AuditEntry.tag).distinct().order_by(AuditEntry.tag)).all()
        people = {one.id: one for one in list_staff(session)}
    return page(
        request,
        "audit.html",
        signed=signed,
        entries=entries[:PAGE],
        older=entries[PAGE - 1].id if len(entries) > PAGE else None,
        tags=tags,
        people=people,
        chosen={"tag": tag, "actor": actor, "subject": subject},
    )
