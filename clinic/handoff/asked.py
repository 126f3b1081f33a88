"""The reply to a visitor who asks for a person."""

from clinic.chat.reply import Reply
from clinic.content import wording
from clinic.handoff.protocol import buttons, text
from clinic.settings import ClinicInfo


def person_asked_reply(clinic: ClinicInfo, language: str = "en", *, closed_until: str = "") -> Reply:
    """`closed_until`: when the clinic opens again, in words, where it is closed now."""
    said = wording()["handoff"]["asked_es" if language == "es" else "asked"].format(phone=clinic.phone)
    if closed_until:
        said = f"{said} {text('closed_now', language).format(opens=closed_until)}"
    return Reply("handoff", said, "talk_to_human", buttons(["call_clinic", "call_988", "call_911"], language))
