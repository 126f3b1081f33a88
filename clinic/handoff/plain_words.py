"""A message as bare words, for the few patterns that are read without Rasa."""

import re
import unicodedata


def plain_words(text: str) -> str:
    """Lower case, without accents and apostrophes; everything but letters and digits becomes one space."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(sign for sign in folded if not unicodedata.combining(sign) and sign not in "'’‘`´")
    return " ".join(re.findall(r"[a-z0-9]+", letters))


def one_line(pattern: str) -> str:
    """A pattern that is written over several lines; spaces inside of a line count, those at its ends do not."""
    return "".join(line.strip() for line in pattern.splitlines())
