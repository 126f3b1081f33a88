"""Reading the answers to the booking's closed questions, and what a sentence says of them by the way.

A button's own words read as what the button means (a test holds them together). Each `read_*` raises InvalidInput with
the key of what is said then.
"""

import re
from enum import StrEnum

from clinic.booking.models import About, VisitorIs
from clinic.errors import InvalidInput
from clinic.minors import ADULT, says_minor

MINOR = "minor"  # never stored: the clinic calls adults only
GUARDIAN = re.compile(
    r"\b(?:parent|guardian|caregiver|i'?m (?:her|his|their|the|a) (?:mom|mum|mother|dad|father)"
    r"|(?:my|our) (?:\w+ )?(?:son|daughter|kid|kids|child|teen|teenager|minor|boy|girl)\b|madre|padre"
    r"|tutora?|(?:mi|nuestr[oa]) hij[oa])\b",
    re.IGNORECASE,
)
ADULT_WORDS = re.compile(
    r"\b(?:18 or older|18 ?\+|over 18|above 18|(?:an )?adult|of age|old enough|both|for (?:me|myself)"
    r"|mayor de (?:edad|18)|adult[oa]|grown)\b|^\W*(?:yes|yeah|yep|yup|sure|s[ií]|i am|older|the first)\b",
    re.IGNORECASE,
)
# Said by the way only what says it without doubt counts.
ADULT_SAID = re.compile(
    r"\b(?:i'?m|i am|im) (?:an adult|over 18|18 or older|18\+|(?P<age>\d{2})(?! ?(?:%|weeks?|days?|months?"
    r"|sessions?|st\b|lbs|out of|[:/.])))"
    r"|\b(?P<of_age>\d{2}) ?(?:years? old|yrs? old|y/?o)\b|\bsoy (?:mayor de edad|adult[oa])\b"
    r"|\btengo (?P<edad>\d{2}) años",
    re.IGNORECASE,
)
UNDER = re.compile(
    r"\b(?:under|younger than|below|not) (?:yet )?(?:18|an adult)\b|\bmenor\b|\bminor\b|^\W*(?:no|nope)\W*$"
    r"|\bthe (?:third|last)\b",
    re.IGNORECASE,
)
AGE = re.compile(r"^\D{0,12}(\d{1,3})\D{0,14}$")
PATIENT = re.compile(
    r"\b(?:(?:already|existing|current|established|returning|been) (?:a |an )?(?:patient|client|there"
    r"|before)|i'?m (?:already )?a patient|your patient"
    r"|(?<!new )patient(?: already)?$|follow[- ]?up|ya soy paciente|paciente(?! nuev)|the second"
    r"|second one)\b|^\W*2\W*$",
    re.IGNORECASE,
)
FIRST = re.compile(
    r"\b(?:first|eval\w*|new (?:patient|here|client)|consult\w*|intake|get(?:ting)? started|start(?:ing)?"
    r"|see if|assessment|initial|screening"
    r"|primera|evaluaci[oó]n|consulta|empezar)\b|^\W*1\W*$",
    re.IGNORECASE,
)
OTHER = re.compile(
    r"\b(?:something else|other|else|question|billing|general|neither|none|otr[ao]|algo m[aá]s|third"
    r"|last one)\b|^\W*3\W*$",
    re.IGNORECASE,
)
FIRST_SAID = re.compile(
    r"\bfirst (?:evaluation|eval|consult\w*|appointment|visit)\b|\binitial (?:evaluation|consult\w*)\b"
    r"|\bprimera (?:evaluaci[oó]n|consulta|cita)\b",
    re.IGNORECASE,
)
PATIENT_SAID = re.compile(
    r"\bi'?m (?:already )?(?:a|an existing|a current|your) patient\b|\balready a patient\b|\bya soy paciente\b",
    re.IGNORECASE,
)
ASKS = re.compile(
    r"\?\s*$|^\W*(?:and |so |but |ok(?:ay)? |wait )*(?:how|what|whats|what's|when|where|why|who|which|can"
    r"|could|do|does|did|is|are|will|would|should|may"
    r"|tell me|explain|qu[eé]|c[oó]mo|cu[aá]nto|cu[aá]ndo|d[oó]nde|puedo|es|hay)\b",
    re.IGNORECASE,
)


OF_A_BOOKING = re.compile(r"\b(?:calls?|appointments?|appts?|booking|cita|llamada|time|slot)\b", re.IGNORECASE)
# A question in form, and a wish for another time in fact: "can we do friday instead".
SUGGESTS = re.compile(
    r"\b(?:can|could) (?:we|you|i|it)\b|\b(?:how|what) about\b|\binstead\b"
    r"|\bis\b.{0,40}\b(?:possible|free|available|open|ok)\b|\bpuede ser\b",
    re.IGNORECASE,
)


class What(StrEnum):
    """What is to become of a call that is booked."""

    move = "move"
    cancel = "cancel"
    keep = "keep"


STOP = re.compile(
    r"^\W*(?:please |ok |actually )*(?:stop|never ?mind|nvm|cancel|quit|exit|abort|forget (?:it|about it"
    r"|that|this)|no thanks?"
    r"|not now|leave it|leave me|end|don'?t call|para|alto|cancelar|olv[ií]d|d[eé]jal)\b",
    re.IGNORECASE,
)
PERSON = re.compile(
    r"\b(?:person|people|human|someone|somebody|anyone|staff|speak|talk|agent|representative|receptionist|operator|live|real"
    r"|persona|alguien|hablar)\b",
    re.IGNORECASE,
)
CANCEL = re.compile(
    r"\b(?:cancel\w*|call (?:it|that) off|delete|drop|don'?t (?:need|want) (?:it|the call|this|that|a call"
    r"|to be called)|no longer need|anul\w+)\b",
    re.IGNORECASE,
)
MOVE = re.compile(
    r"\b(?:another|other|different|new|later|earlier) (?:time|day|date|slot|one)\b|\b(?:re-?schedul\w*|move"
    r"|change|push|postpone|switch|can'?t make|cambiar|mover|reprogramar|otra hora|otro d[ií]a)\b",
    re.IGNORECASE,
)
KEEP = re.compile(
    r"\b(?:keep|leave (?:it|as)|nothing|as it is|fine as|never ?mind|stay)\b|^\W*(?:no|nope)\W*$", re.IGNORECASE
)
WHEN_IS = re.compile(
    r"\b(?:when (?:is|was|do i|are you|will)|what time is|do i have|did i (?:book|get)|is my call|my (?:call"
    r"|appointment|appt) (?:still|confirmed)|cu[aá]ndo (?:es|me llaman))\b",
    re.IGNORECASE,
)


def read_who(words: str) -> str:
    """adult, guardian or MINOR. Raises InvalidInput("who_unclear")."""
    plain = words.replace("’", "'")
    if plain.lstrip().startswith("/"):
        raise InvalidInput("who_unclear")
    if not GUARDIAN.search(plain) and (says_minor(plain) or UNDER.search(plain)):
        return MINOR
    if found := AGE.match(plain):
        return VisitorIs.adult if int(found[1]) >= ADULT else MINOR
    if GUARDIAN.search(plain):
        return VisitorIs.guardian
    if ADULT_WORDS.search(plain):
        return VisitorIs.adult
    raise InvalidInput("who_unclear")


def find_who(words: str) -> str | None:
    """Who is asking, where a sentence says so by the way."""
    plain = words.replace("’", "'")
    if GUARDIAN.search(plain):
        return VisitorIs.guardian
    if says_minor(plain):
        return MINOR
    found = ADULT_SAID.search(plain)
    age = found and next((one for one in found.groups() if one), None)
    return VisitorIs.adult if found and (age is None or int(age) >= ADULT) else None


def read_about(words: str) -> str:
    """One of the three. What is no question and names none of them ("ptsd") is something else: its words are not kept.

    Raises InvalidInput("about_unclear").
    """
    if words.lstrip().startswith("/") or not any(sign.isalnum() for sign in words):
        raise InvalidInput("about_unclear")
    if about := named_about(words):
        return about
    if ASKS.search(words):
        raise InvalidInput("about_unclear")
    return About.other


def named_about(words: str) -> str | None:
    """The one of the three that the words name; None where they name none, or ask."""
    if ASKS.search(words) and len(words.split()) >= 4:
        return None
    for about, pattern in ((About.patient, PATIENT), (About.first_evaluation, FIRST), (About.other, OTHER)):
        if pattern.search(words):
            return about
    return None


def find_about(words: str) -> str | None:
    if PATIENT_SAID.search(words.replace("’", "'")):
        return About.patient
    return About.first_evaluation if FIRST_SAID.search(words) else None


def read_what(words: str) -> What:
    """Raises InvalidInput("what_unclear")."""
    found = find_what(words)
    if found is None:
        raise InvalidInput("what_unclear")
    return found


def find_what(words: str) -> What | None:
    """What a sentence wants done with a booked call. A doubt about cancelling ("don't cancel") keeps it."""
    plain = words.replace("’", "'")
    if re.search(r"\b(?:don'?t|do not|not|never|no) (?:want to )?cancel", plain, re.IGNORECASE):
        return What.move if MOVE.search(plain) else What.keep
    if CANCEL.search(plain) and not MOVE.search(re.sub(r"\bcan'?t make\b", "", plain)):
        return What.cancel
    if MOVE.search(plain):
        return What.move
    return What.keep if KEEP.search(plain) else None


def is_of_a_booking(words: str) -> bool:
    """Whether "cancel" or "move" is said of something booked, and not of anything else."""
    return bool(OF_A_BOOKING.search(words))


def asks(words: str) -> bool:
    """Whether words are a question or a sentence; a bare word ("ptsd") inside a form is an answer, not a question."""
    return bool(ASKS.search(words)) or len(words.split()) >= 3
