"""What the booking asks and says; every sentence comes from data/wording.yml."""

from clinic.booking.preferred_time import HORIZON_DAYS, Window
from clinic.booking.words import call_hours_in_words, phone_in_words, window_in_words
from clinic.chat.reply import Button, Reply
from clinic.content import wording
from clinic.models import Appointment
from clinic.settings import ClinicInfo


def _typed(*titles: str) -> list[Button]:
    """Buttons inside a form send their own words: a payload with a slash would land in the slot as it is."""
    return [Button(title=title, payload=title) for title in titles]


def _say(key: str, *titles: str, **values: object) -> Reply:
    words = wording()["booking"]
    return Reply("booking", words[key].format(**values), "book_call", _typed(*(words[title] for title in titles)))


def ask_name() -> Reply:
    return _say("ask_name", "stop")


def ask_phone() -> Reply:
    return _say("ask_phone", "stop")


def ask_time(clinic: ClinicInfo) -> Reply:
    return _say("ask_time", "asap", "stop", hours=call_hours_in_words(clinic))


def ask_consent(*, name: str, phone: str, window: Window, clinic: ClinicInfo) -> Reply:
    when = window_in_words(window.starts_at, window.ends_at, clinic)
    return _say("ask_consent", "confirm", "change", "stop", name=name, phone=phone_in_words(phone), when=when)


def ask_change() -> Reply:
    return _say("ask_change", "change_name", "change_phone", "change_time", "stop")


def not_understood(reason: str, clinic: ClinicInfo) -> Reply:
    return _say(reason, hours=call_hours_in_words(clinic), days=HORIZON_DAYS)


def stopped() -> Reply:
    return _say("stopped")


def requested(appointment: Appointment, *, is_new: bool, clinic: ClinicInfo) -> Reply:
    """Said only after the commit; name, phone and time are the stored ones."""
    return _say(
        "done" if is_new else "already",
        reference=appointment.reference,
        name=appointment.first_name,
        phone=phone_in_words(appointment.phone),
        when=window_in_words(appointment.window_starts_at, appointment.window_ends_at, clinic),
        clinic_phone=clinic.phone,
    )
