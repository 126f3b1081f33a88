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
    r"|absolutely|s[ií]|claro|correcto|de acuerdo|est[aá] bien)\b",
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
    if YES.search(words) and not re.search(r"\b(but|pero|except|don'?t|not)\b", words, re.IGNORECASE):
        return Answer.yes
    if len(words.split()) <= 8:
        for answer, pattern in WHAT:
            if pattern.search(words):
                return answer
    if CHANGE.search(words) or NO.search(words):
        return Answer.change
    raise InvalidInput("consent_unclear")
