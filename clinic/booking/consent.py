"""Reading the answer to the summary: yes (with or without voicemail), no, or what to change."""

import re
from enum import StrEnum

from clinic.errors import InvalidInput


class Answer(StrEnum):
    yes = "yes"
    yes_voicemail = "yes_voicemail"
    change = "change"
    change_name = "change_name"
    change_phone = "change_phone"
    change_time = "change_time"
    change_about = "change_about"


YES = re.compile(
    r"^\W*(yes|yeah|yep|yup|sure|ok(ay)?|correct|right|please do|go ahead|that'?s (right|fine|correct)|of course"
    r"|absolutely|sí|claro|correcto|de acuerdo|est[aá] bien)\b"
    # Without its accent "si" is "if" as well, so it counts alone or before words that only follow a yes.
    r"|^\W*si(?=\W*$|\s*[,.!]|\s+(?:por favor|claro|gracias|est[aá] bien|correcto|quiero)\b)",
    re.IGNORECASE,
)
# A yes beside any of these is no clear yes; to ask again costs little, an unwanted call may cost a lot.
DOUBT = re.compile(
    r"\?|^\W*correct (?:the|my)\b|\b(?:but|except|not?|nah|never|wait|stop|cancel|wrong|change|if|unless|until|later"
    r"|what|why|how|price|costs?|(?:do|did|ca|wo|is|does)n'?t|cannot|pero|excepto|nunca|espere?|cancel[ae]r?|cambiar?|corregir)\b",
    re.IGNORECASE,
)
NO = re.compile(r"^\W*(no|nope|not (right|correct)|wrong|that'?s wrong|incorrecto)\b", re.IGNORECASE)
WHAT = (
    (Answer.change_name, re.compile(r"\b(name|nombre)\b", re.IGNORECASE)),
    (Answer.change_phone, re.compile(r"\b(number|phone|n[uú]mero|tel[eé]fono)\b", re.IGNORECASE)),
    (Answer.change_time, re.compile(r"\b(time|day|hour|hora|d[ií]a)\b", re.IGNORECASE)),
)
WHAT += ((Answer.change_about, re.compile(r"\b(reason|about|topic|motivo)\b", re.IGNORECASE)),)
NO_VOICEMAIL = re.compile(
    r"[\s,;.]*(?:\b(?:but|and|just|pero)\b\s*)*(?:\bplease\b\s*)?\b(?:no|without(?: a)?|(?:don'?t"
    r"|do not) leave(?: an?y?)?|sin|no dejen?)\s+"
    r"(?:voice ?mails?|voice messages?|messages?|mensajes?|buz[oó]n)(?: de voz)?(?: please)?",
    re.IGNORECASE,
)
VOICEMAIL = re.compile(
    r"[\s,;.]*(?:\b(?:and|you can|you may|feel free to|y|pueden?)\b\s*)*(?:leave|dejar(?:me)?"
    r"|dejen?)?\s*(?:an?|un)?\s*\b(?:voice ?mails?|voice messages?|messages?|mensajes?)"
    r"(?: de voz)?\s*(?:(?:is|are|too|also|est[aá])\s*)*(?:fine|ok(?:ay)?|good|allowed|alright|all right"
    r"|bien)?(?: too| also| tambi[eé]n)?",
    re.IGNORECASE,
)
CHANGE = re.compile(r"\b(change|edit|correct|fix|wrong|cambiar|corregir)\b", re.IGNORECASE)


def read_answer(words: str) -> Answer:
    """Raises InvalidInput("consent_unclear"): silence or doubt is never consent."""
    words = words.replace("’", "'")
    without = NO_VOICEMAIL.sub(" ", words)
    voicemail = VOICEMAIL.search(without)
    words = VOICEMAIL.sub(" ", without, count=1) if voicemail else without
    if voicemail and YES.search(words) and not DOUBT.search(words):
        return Answer.yes_voicemail
    if YES.search(words) and not DOUBT.search(words):
        return Answer.yes
    if len(words.split()) <= 8:
        for answer, pattern in WHAT:
            if pattern.search(words):
                return answer
    if CHANGE.search(words) or NO.search(words):
        return Answer.change
    raise InvalidInput("consent_unclear")
