"""The visitor's first name and phone number, read from what they typed."""

import re
import unicodedata

import phonenumbers

from clinic.errors import InvalidInput

LONGEST_NAME = 80
INTRODUCTION = re.compile(
    r"^(?:hi|hello|hey|hola|sure|ok|okay|yes)?[\s,!.]*"
    r"(?:my (?:first )?name(?:'s| is)|name(?:'s| is)|it'?s|this is|i am|i'?m|call me|me llamo|mi nombre es|soy)"
    r"(?:\s+|$)",
    re.IGNORECASE,
)
# "I'm" goes before anything, so there the name has to be written as one.
ONE_NAME = r"[^\W\d_][^\W\d_'-]*(?:['-][^\W\d_]+)*"
SAID = re.compile(
    rf"\b(?i:my (?:first )?name(?:'s| is)|name(?:'s| is)|me llamo"
    rf"|mi nombre es)\s+({ONE_NAME}(?: (?!And\b)(?=[A-ZÁÉÍÓÚÑ]){ONE_NAME})?)"
    rf"|\b(?i:i'?m|i am|this is|it'?s|soy)\s+(?=[A-ZÁÉÍÓÚÑ])({ONE_NAME}(?: (?=[A-ZÁÉÍÓÚÑ]){ONE_NAME})?)"
)
SIGNED = re.compile(rf"[-–—,.!]\s*(?i:thanks|thank you|thx|gracias|regards)[,!. ]+(?=[A-ZÁÉÍÓÚÑ])({ONE_NAME})\W*$")
BEGINS = re.compile(
    rf"^(?i:hi|hello|hey|hola|it'?s|i'?m|this is"
    rf"|my name is)?[\s,!.]*({ONE_NAME}(?: {ONE_NAME})?)(?=\s*[,;.:(+]|\s+(?:and\b|at\b|my\b|call\b|phone\b"
    rf"|\d))"
)
NO_NAMES = frozenset(
    [
        "i",
        "in",
        "on",
        "at",
        "a",
        "an",
        "the",
        "ok",
        "okay",
        "not",
        "so",
        "very",
        "just",
        "interested",
        "available",
        "free",
        "calling",
        "looking",
        "wondering",
        "sorry",
        "sure",
        "new",
        "from",
        "here",
        "good",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "tomorrow",
        "today",
        "call",
        "please",
        "yes",
        "no",
        "my",
        "me",
        "can",
        "could",
        "when",
        "what",
        "how",
        "lunes",
        "martes",
        "viernes",
        "mañana",
        "hoy",
    ]
)
NAME = re.compile(r"[^\W\d_][^\W\d_'’.\- ]*(?:['’.\- ]+[^\W\d_]+)*\.?")
DIALLABLE_US = re.compile(r"[2-9]\d\d[2-9]\d{6}")  # no area code or exchange begins with 0 or 1


def read_first_name(words: str) -> str:
    """The name without an introduction ("my name is"). Raises InvalidInput("name_unclear")."""
    words = unicodedata.normalize("NFC", words).replace("’", "'").strip()
    name = INTRODUCTION.sub("", words, count=1).strip(" .,!")
    if not name or len(name) > LONGEST_NAME or words.startswith("/") or len(name.split()) > 4:
        raise InvalidInput("name_unclear")
    # Accents that have no letter of their own, and the vowel signs of Hindi or Thai, are part of the letter before.
    if not NAME.fullmatch("".join(sign for sign in name if not unicodedata.category(sign).startswith("M"))):
        raise InvalidInput("name_unclear")
    first = name[0].upper()
    return first + name[1:] if len(first) == 1 else name  # "ß" would become two letters


def find_first_name(words: str, *, alone: bool = False) -> str | None:
    """A name that a sentence gives by the way ("it's for tomorrow, I'm Dana"). None where it gives none.

    `alone`: the words answer the question for the name, so they may also begin with it ("Dana, 801-555-0123").
    """
    plain = unicodedata.normalize("NFC", words).replace("’", "'").strip()
    for pattern in (SAID, SIGNED, *((BEGINS,) if alone else ())):
        found = pattern.search(plain)
        name = found and next((group for group in found.groups() if group), None)
        if name and name.split()[0].casefold() not in NO_NAMES:
            try:
                return read_first_name(name)
            except InvalidInput:
                continue
    return None


def read_phone(words: str) -> str:
    """The first phone number in the words as E.164 (US where no country is given).

    A number that is possible but not assigned (555-0123) is taken too: assignment lists are always behind.
    Raises InvalidInput("phone_unclear").
    """
    if words.lstrip().startswith("/"):
        raise InvalidInput("phone_unclear")
    if found := find_phone(words):
        return found
    raise InvalidInput("phone_unclear")


def find_phone(words: str) -> str | None:
    """As read_phone, for words that may hold no number: then None."""
    matcher = phonenumbers.PhoneNumberMatcher(words, "US", leniency=phonenumbers.Leniency.POSSIBLE)
    for match in matcher:
        # Seven digits are possible as a local number, but nobody outside of that area could dial it.
        national = str(match.number.national_number)
        if DIALLABLE_US.fullmatch(national) if match.number.country_code == 1 else len(national) >= 8:
            return phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
    return None
