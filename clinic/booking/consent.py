"""Reading the answer to the summary: yes, no, or what to change."""

import re
from enum import StrEnum

from clinic.errors import InvalidInput


class Answer(StrEnum):
    yes = "yes"
    change = "change"
    change_name = "change_name"
    change_phone = "change_phone"
    change_time = "change_time"


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
CHANGE = re.compile(r"\b(change|edit|correct|fix|wrong|cambiar|corregir)\b", re.IGNORECASE)


def read_answer(words: str) -> Answer:
    """Raises InvalidInput("consent_unclear"): silence or doubt is never consent."""
    words = words.replace("’", "'")
    if YES.search(words) and not DOUBT.search(words):
        return Answer.yes
    if len(words.split()) <= 8:
        for answer, pattern in WHAT:
            if pattern.search(words):
                return answer
    if CHANGE.search(words) or NO.search(words):
        return Answer.change
    raise InvalidInput("consent_unclear")
