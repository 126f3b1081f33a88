"""What the booking asks and says; every sentence comes from data/wording.yml."""

from collections.abc import Sequence
from datetime import datetime

from clinic.booking.book import Made
from clinic.booking.links import call_link
from clinic.booking.preferred_time import Window
from clinic.booking.words import call_hours_in_words, moment_in_words, phone_in_words, slot_title, window_in_words
from clinic.chat.reply import Button, Reply
from clinic.content import wording
from clinic.models import Appointment, AppointmentState
from clinic.settings import ClinicInfo

CHANGE_PAYLOAD = '/book_call{"task": "change"}'
TEXTS_PAYLOAD = '/book_call{"task": "texts"}'
MOVE_PAYLOAD = '/book_call{"task": "move"}'


def _typed(*titles: str) -> list[Button]:
    """Buttons inside a form send their own words: a payload with a slash would land in the slot as it is."""
    return [Button(title=title, payload=title) for title in titles]


def _say(key: str, *titles: str, **values: object) -> Reply:
    words = wording()["booking"]
    return Reply("booking", words[key].format(**values), "book_call", _typed(*(words[title] for title in titles)))


def ask_name() -> Reply:
    return _say("ask_name", "stop")


def ask_who() -> Reply:
    return _say("ask_who", "who_adult", "who_guardian", "who_minor", "stop")


def ask_phone() -> Reply:
    return _say("ask_phone", "stop")


def ask_time(
    slots: Sequence[datetime], *, note: str | None, matches: bool, is_wish: bool, again: bool, clinic: ClinicInfo
) -> Reply:
    """The question with up to three times as buttons; `note` says why not the one that was asked for."""
    words = wording()["booking"]
    key = "ask_time"
    if not slots:
        key = "ask_time_without_slots"
    elif note or not matches:
        key = "time_nearest"
    elif is_wish:
        key = "ask_time_matching"
    elif again:
        key = "ask_time_others"
    said = [not_understood(note, clinic).text] if note else []
    if not matches and not note and slots:
        said.append(words["time_full"])
    buttons = [slot_title(moment, clinic) for moment in slots]
    buttons += [words["other_times"]] if slots else []
    buttons += [words["clinic_chooses"]] if again or not slots else []
    return Reply("booking", " ".join([*said, words[key]]), "book_call", _typed(*buttons, words["stop"]))


def ask_about() -> Reply:
    return _say("ask_about", "about_first_evaluation", "about_patient", "about_other", "stop")


def ask_consent(
    *, name: str, phone: str, when: datetime | Window, about: str, replaces: Appointment | None, clinic: ClinicInfo
) -> Reply:
    words = wording()["booking"]
    key = "ask_consent" if isinstance(when, datetime) else "ask_consent_request"
    asked = _say(
        key,
        "confirm",
        "confirm_voicemail",
        "change",
        "stop",
        name=name,
        phone=phone_in_words(phone),
        when=when_in_words(when, clinic),
        about=words[f"about_{about}"],
    )
    if replaces is None:
        return asked
    extra = words["replaces"].format(old=of_call_in_words(replaces, clinic))
    return Reply(asked.kind, f"{extra} {asked.text}", asked.topic, asked.buttons)


def ask_move(*, when: datetime, old: Appointment, clinic: ClinicInfo) -> Reply:
    values = {"when": when_in_words(when, clinic), "old": of_call_in_words(old, clinic)}
    return _say("ask_move_consent", "move_confirm", "change_time", "stop", **values)


def ask_change() -> Reply:
    return _say("ask_change", "change_name", "change_phone", "change_time", "change_about", "stop")


def ask_what(appointment: Appointment, clinic: ClinicInfo) -> Reply:
    when = of_call_in_words(appointment, clinic)
    return _say("ask_what", "what_move", "what_cancel", "what_keep", when=when, reference=appointment.reference)


def manage(appointment: Appointment, clinic: ClinicInfo) -> Reply:
    """As ask_what, outside of the form: the button leads into it."""
    asked = ask_what(appointment, clinic)
    title = wording()["booking"]["manage"]
    return Reply(asked.kind, asked.text, asked.topic, [Button(title=title, payload=CHANGE_PAYLOAD)])


def ask_of(clinic: ClinicInfo) -> Reply:
    return _say("ask_of", "stop", clinic_phone=clinic.phone)


def ask_texts(phone: str, clinic: ClinicInfo) -> Reply:
    return _say("ask_texts", "texts_yes", "texts_no", clinic=clinic.name, phone=phone_in_words(phone))


def texts_agreed(appointment: Appointment, clinic: ClinicInfo) -> Reply:
    return plain("texts_agreed", clinic, phone=phone_in_words(appointment.phone))


def not_understood(reason: str, clinic: ClinicInfo) -> Reply:
    return _say(reason, hours=call_hours_in_words(clinic), days=clinic.booking.horizon_days)


def plain(key: str, clinic: ClinicInfo, **values: object) -> Reply:
    """A sentence that asks nothing."""
    return _say(key, clinic_phone=clinic.phone, **values)


def stopped(appointment: Appointment | None, task: str | None, clinic: ClinicInfo) -> Reply:
    if task == "texts":
        return _say("stopped_texts")
    if appointment is None:
        return _say("stopped")
    when = of_call_in_words(appointment, clinic)
    return _say("stopped_change", when=when, reference=appointment.reference)


def lost_time() -> Reply:
    words = wording()["booking"]
    return Reply("booking", words["lost_time"], "book_call", [Button(title=words["pick_again"], payload="/book_call")])


def result(made: Made, *, clinic: ClinicInfo, url: str, texts: bool) -> Reply:
    """Said only after the commit; name, phone and time are the stored ones. `texts`: they can be offered."""
    keys = {"moved": "moved", "same": "already"}
    requested = made.appointment.state == AppointmentState.requested
    key = keys.get(made.what, "done_request" if requested else "done")
    return _of(key, made.appointment, clinic=clinic, url=url, texts=texts and not requested)


def outcome(appointment: Appointment, *, clinic: ClinicInfo, url: str) -> Reply:
    """What became of a call in a turn whose own reply was lost."""
    if appointment.state == AppointmentState.cancelled:
        return plain("cancelled", clinic, reference=appointment.reference)
    requested = appointment.state == AppointmentState.requested
    key = "done_request" if requested else "moved" if appointment.sequence else "done"
    return _of(key, appointment, clinic=clinic, url=url, texts=False)


def _of(key: str, appointment: Appointment, *, clinic: ClinicInfo, url: str, texts: bool) -> Reply:
    words = wording()["booking"]
    link = call_link(appointment.reference, url)
    is_link = link.startswith("https:")  # the widget opens nothing else
    said = _say(
        key,
        reference=appointment.reference,
        name=appointment.full_name,
        phone=phone_in_words(appointment.phone),
        when=of_call_in_words(appointment, clinic),
        voicemail=words["voicemail_yes" if appointment.may_leave_voicemail else "voicemail_no"],
        clinic_phone=clinic.phone,
        link_text="" if is_link else words["link_text"].format(link=link),
    )
    buttons = [Button(title=words["offer_texts"], payload=TEXTS_PAYLOAD)] if texts else []
    buttons.append(
        Button(title=words["open_page"], payload=link)
        if is_link
        else Button(title=words["manage"], payload=CHANGE_PAYLOAD)
    )
    return Reply(said.kind, said.text, said.topic, buttons)


def of_call_in_words(appointment: Appointment, clinic: ClinicInfo) -> str:
    if appointment.starts_at:
        return f"on {moment_in_words(appointment.starts_at, clinic)}"
    return window_in_words(appointment.window_starts_at, appointment.window_ends_at, clinic)


def when_in_words(when: datetime | Window, clinic: ClinicInfo) -> str:
    if isinstance(when, Window):
        return window_in_words(when.starts_at, when.ends_at, clinic)
    return f"on {moment_in_words(when, clinic)}"
