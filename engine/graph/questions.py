"""Splitting a message into the questions it asks.

"does it hurt? and can i drive after" is two questions; "my sister had it. does it hurt?" is one, with a story before
it. Only what reads like a question counts: it ends in a question mark or begins with an asking word, in English or
Spanish.
"""

from __future__ import annotations

import re
from typing import List, Text

QUESTIONS = "questions"  # where a message carries them through the pipeline

ASKING = (
    r"how|what|whats|what's|when|where|why|who|which|can|could|do|does|did|is|are|will|would|should|may|has|have"
    r"|qu[eé]|c[oó]mo|cu[aá]nto|cu[aá]nta|cu[aá]ntos|cu[aá]ntas|cu[aá]ndo|d[oó]nde|puedo|es|hay|tiene"
)
LINKS = r"and|also|plus|y|e|tambi[eé]n|adem[aá]s|or"
SENTENCE_ENDS = re.compile(r"(?<=[?!.…])\s+|\s*[\n;]\s*|\s*[¿]")
# "… and how long does it last", "…, what does it cost"
NEXT_QUESTION = re.compile(rf"(?:\s*,\s*|\s+)(?=(?:(?:{LINKS})\s+)+(?:{ASKING})\b)|\s*,\s*(?=(?:{ASKING})\b)", re.I)
BEGINS_ASKING = re.compile(rf"^\W*(?:(?:{LINKS}|so|but|ok|pero)\s+)*(?:{ASKING})\b", re.I)
FEWEST_WORDS = 3
MOST_QUESTIONS = 4  # of a longer list the first ones are read


def questions(text: Text) -> List[Text]:
    """The questions of a message in their order; empty unless there are at least two."""
    parts = [part for sentence in SENTENCE_ENDS.split(text) for part in NEXT_QUESTION.split(sentence)]
    asked = [part.strip() for part in parts if _is_question(part)]
    return asked[:MOST_QUESTIONS] if len(asked) > 1 else []


def _is_question(part: Text) -> bool:
    asks = part.rstrip().endswith("?") or BEGINS_ASKING.match(part) is not None
    return asks and len(part.split()) >= FEWEST_WORDS
