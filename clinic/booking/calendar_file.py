"""A call as a calendar file (.ics): the same UID for the call's whole life, a SEQUENCE that grows with each change."""

from datetime import timedelta

from icalendar import Alarm, Calendar, Event

from clinic.booking.links import call_link
from clinic.content import wording
from clinic.models import Appointment, AppointmentState
from clinic.settings import ClinicInfo

ALARM_BEFORE = timedelta(minutes=15)


def calendar_file(appointment: Appointment, *, clinic: ClinicInfo, url: str) -> bytes | None:
    """None for a request that has no time yet. The words say nothing of a clinic's business."""
    if appointment.starts_at is None or appointment.ends_at is None:
        return None
    words = wording()["calls"]["ics"]
    cancelled = appointment.state == AppointmentState.cancelled
    link = call_link(appointment.reference, url)
    event = Event()
    event.add("uid", f"{appointment.reference.lower()}@lotus-guide")
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", appointment.changed_at or appointment.requested_at)
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    event.add("summary", words["summary"])
    event.add(
        "description", words["description"].format(link=link, phone=clinic.phone, reference=appointment.reference)
    )
    event.add("url", link)
    event.add("class", "PRIVATE")
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if not cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", words["summary"])
        alarm.add("trigger", -ALARM_BEFORE)
        event.add_component(alarm)
    calendar = Calendar()
    calendar.add("prodid", "-//Lotus Guide//calls//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(event)
    return calendar.to_ical()
