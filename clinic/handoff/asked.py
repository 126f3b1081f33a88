"""The reply to a visitor who asks for a person."""

from clinic.chat.reply import Reply
from clinic.content import wording
from clinic.handoff.protocol import buttons
from clinic.settings import ClinicInfo


def person_asked_reply(clinic: ClinicInfo, language: str = "en") -> Reply:
    said = wording()["handoff"]["asked_es" if language == "es" else "asked"].format(phone=clinic.phone)
    return Reply("handoff", said, "talk_to_human", buttons(["call_clinic", "call_988", "call_911"], language))
