"""Accounts of staff, for admins."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from clinic.clock import utc_now
from clinic.errors import Conflict, InvalidInput
from clinic.staff import accounts
from clinic.staff.accounts import Profile
from clinic.staff.models import StaffRole
from clinic.staff.passwords import new_password
from web.console.access import Admin, ConsoleRoute, Signed
from web.console.parts import context_of, parts_of
from web.console.rendering import page

router = APIRouter(prefix="/console/staff", route_class=ConsoleRoute, include_in_schema=False)
NEW = Profile("", "", "")


@router.get("")
def show(request: Request, signed: Admin) -> Response:
    return _list(request, signed)


@router.post("/add")
def add(
    request: Request,
    signed: Admin,
    email: Annotated[str, Form(max_length=300)] = "",
    first_name: Annotated[str, Form(max_length=200)] = "",
    title: Annotated[str, Form(max_length=200)] = "",
    role: StaffRole = Form(StaffRole.staff),  # noqa: B008
    crisis_trained: bool = Form(False),
) -> Response:
    """The new password is on the page that answers, once, for the admin to hand over."""
    profile, password = Profile(email, first_name, title, role, crisis_trained), new_password()
    try:
        with context_of(request).database.transaction() as session:
            accounts.add_staff(
                session,
                profile=profile,
                password=password,
                passwords=parts_of(request).passwords,
                must_change_password=True,
                by=signed.id,
                now=utc_now(),
            )
    except InvalidInput as problem:
        return _list(request, signed, draft=profile, error=problem.reason, status=400)
    return _list(request, signed, password=password, whose=profile.email)


@router.get("/{staff_id}")
def show_one(request: Request, staff_id: str, signed: Admin) -> Response:
    return _one(request, signed, staff_id)


@router.post("/{staff_id}")
def change(
    request: Request,
    staff_id: str,
    signed: Admin,
    email: Annotated[str, Form(max_length=300)] = "",
    first_name: Annotated[str, Form(max_length=200)] = "",
    title: Annotated[str, Form(max_length=200)] = "",
    role: StaffRole = Form(StaffRole.staff),  # noqa: B008
    crisis_trained: bool = Form(False),
) -> Response:
    profile = Profile(email, first_name, title, role, crisis_trained)
    try:
        with context_of(request).database.transaction() as session:
            accounts.change_staff(session, staff_id=staff_id, profile=profile, by=signed.id, now=utc_now())
    except (InvalidInput, Conflict) as problem:
        return _one(request, signed, staff_id, error=str(problem), status=400)
    return RedirectResponse("/console/staff", 303)


@router.post("/{staff_id}/deactivate")
def deactivate(request: Request, staff_id: str, signed: Admin) -> Response:
    try:
        with context_of(request).database.transaction() as session:
            accounts.deactivate_staff(session, staff_id=staff_id, by=signed.id, now=utc_now())
    except Conflict as problem:
        return _one(request, signed, staff_id, error=str(problem), status=400)
    return RedirectResponse("/console/staff", 303)


@router.post("/{staff_id}/reactivate")
def reactivate(request: Request, staff_id: str, signed: Admin) -> Response:
    with context_of(request).database.transaction() as session:
        accounts.reactivate_staff(session, staff_id=staff_id, by=signed.id, now=utc_now())
    return RedirectResponse("/console/staff", 303)


@router.post("/{staff_id}/reset-password")
def reset_password(request: Request, staff_id: str, signed: Admin) -> Response:
    password = new_password()
    with context_of(request).database.transaction() as session:
        accounts.reset_password(
            session,
            staff_id=staff_id,
            password=password,
            passwords=parts_of(request).passwords,
            by=signed.id,
            now=utc_now(),
        )
        whose = accounts.get_staff(session, staff_id).email
    return _list(request, signed, password=password, whose=whose)


@router.post("/{staff_id}/reset-totp")
def reset_totp(request: Request, staff_id: str, signed: Admin) -> Response:
    with context_of(request).database.transaction() as session:
        accounts.reset_totp(session, staff_id=staff_id, by=signed.id, now=utc_now())
    return RedirectResponse("/console/staff", 303)


def _list(
    request: Request,
    signed: Signed,
    *,
    draft: Profile = NEW,
    error: str = "",
    status: int = 200,
    password: str = "",
    whose: str = "",
) -> Response:
    with context_of(request).database.reading() as session:
        people = accounts.list_staff(session)
    return page(
        request,
        "staff.html",
        signed=signed,
        status=status,
        people=people,
        draft=draft,
        error=error,
        password=password,
        whose=whose,
    )


def _one(request: Request, signed: Signed, staff_id: str, *, error: str = "", status: int = 200) -> Response:
    with context_of(request).database.reading() as session:
        person = accounts.get_staff(session, staff_id)
    return page(request, "staff_one.html", signed=signed, status=status, person=person, error=error)
