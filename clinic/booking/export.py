"""The calls of some days as a table, names and numbers included; that it was made is audited."""

import csv
import io
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from clinic import audit
from clinic.clock import iso
from clinic.errors import InvalidInput
from clinic.models import Appointment
from clinic.settings import ClinicInfo

# A spreadsheet runs what begins so.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
MOST_DAYS = 366
COLUMNS: tuple[str, ...] = (
    "reference", "state", "provider", "local_date", "local_time", "starts_at", "due_at", "requested_at", "name",
    "phone", "visitor_is", "about", "voicemail", "outcome",
)  # fmt: skip


def export_rows(
    session: Session, *, first: date, last: date, actor: str, clinic: ClinicInfo, now: datetime
) -> list[dict[str, str]]:
    """The calls of these local days, both included, whatever became of them; a request counts from its window's start.

    Raises InvalidInput with days_order or days_many.
    """
    if last < first:
        raise InvalidInput("days_order")
    if (last - first).days >= MOST_DAYS:
        raise InvalidInput("days_many")
    starts = datetime.combine(first, time(0), clinic.zone)
    ends = datetime.combine(last + timedelta(days=1), time(0), clinic.zone)
    query = select(Appointment).where(Appointment.window_starts_at >= starts, Appointment.window_starts_at < ends)
    found = session.scalars(query.order_by(Appointment.window_starts_at, Appointment.id)).all()
    audit.record(
        session,
        "console:appointments:export",
        actor=actor,
        subject_id=first.isoformat(),
        now=now,
        details={"first": first.isoformat(), "last": last.isoformat(), "count": len(found)},
    )
    return [_row(one, clinic) for one in found]


def as_csv(rows: list[dict[str, str]]) -> str:
    """A table that a spreadsheet opens without running what is in it."""
    output = io.StringIO()
    table = csv.DictWriter(output, COLUMNS)
    table.writeheader()
    # A number in E.164 begins with + by itself; the quote keeps it text as well.
    table.writerows({key: f"'{v}" if v.startswith(FORMULA) else v for key, v in row.items()} for row in rows)
    return output.getvalue()


def _row(call: Appointment, clinic: ClinicInfo) -> dict[str, str]:
    local = call.starts_at and call.starts_at.astimezone(clinic.zone)
    return {
        "reference": call.reference,
        "state": call.state,
        "provider": call.provider or "",
        "local_date": local.date().isoformat() if local else "",
        "local_time": f"{local:%H:%M}" if local else "",
        "starts_at": iso(call.starts_at) or "",
        "due_at": iso(call.due_at) or "",
        "requested_at": iso(call.requested_at) or "",
        "name": call.full_name,
        "phone": call.phone,
        "visitor_is": call.visitor_is,
        "about": call.about,
        "voicemail": "yes" if call.may_leave_voicemail else "no",
        "outcome": call.outcome or "",
    }
