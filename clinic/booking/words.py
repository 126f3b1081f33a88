"""Times and phone numbers as a visitor reads them."""

from datetime import datetime, time
from itertools import groupby

import phonenumbers

from clinic.settings import ClinicInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def clock(moment: datetime | time) -> str:
    """9:00 AM"""
    return moment.strftime("%I:%M %p").lstrip("0")


def moment_in_words(starts_at: datetime, clinic: ClinicInfo) -> str:
    """Tuesday, November 24 at 9:30 AM (Mountain Time)"""
    start = starts_at.astimezone(clinic.zone)
    return f"{start:%A, %B} {start.day} at {clock(start)} ({zone_in_words(start, clinic)})"


def slot_title(starts_at: datetime, clinic: ClinicInfo) -> str:
    """Tue, Nov 24, 9:30 AM: a button, and what it sends; preferred_time reads it back as exactly this moment."""
    start = starts_at.astimezone(clinic.zone)
    return f"{start:%a, %b} {start.day}, {clock(start)}"


def zone_in_words(moment: datetime, clinic: ClinicInfo) -> str:
    return "Mountain Time" if clinic.time_zone == "America/Denver" else str(moment.tzname())


def window_in_words(starts_at: datetime, ends_at: datetime, clinic: ClinicInfo) -> str:
    """on Tuesday, November 24, between 9:00 AM and 12:00 PM (Mountain Time)"""
    start, end = starts_at.astimezone(clinic.zone), ends_at.astimezone(clinic.zone)
    zone = zone_in_words(start, clinic)
    if start.date() != end.date():
        return f"between {start:%A, %B} {start.day}, {clock(start)} and {end:%A, %B} {end.day}, {clock(end)} ({zone})"
    return f"on {start:%A, %B} {start.day}, between {clock(start)} and {clock(end)} ({zone})"


def call_hours_in_words(clinic: ClinicInfo) -> str:
    """Monday to Friday, 9:00 AM to 5:00 PM Mountain Time"""
    runs = []
    for hours, days in groupby(DAYS, key=lambda day: clinic.call_hours.get(day)):  # type: ignore[arg-type]
        names = [day.capitalize() for day in days]
        if hours:
            span = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
            runs.append(f"{span}, {clock(hours[0])} to {clock(hours[1])}")
    zone = " Mountain Time" if clinic.time_zone == "America/Denver" else ""
    return "; ".join(runs) + zone


def phone_in_words(number: str) -> str:
    """+18015550123 as (801) 555-0123; other countries' numbers in international form."""
    parsed = phonenumbers.parse(number)
    national = parsed.country_code == 1
    return phonenumbers.format_number(
        parsed,
        phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    )
