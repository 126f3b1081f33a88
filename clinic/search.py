"""Searching the library's pages by words."""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache

from clinic.library import Answer

# Each field outweighs all that come after it together: a page about a thing goes before pages that mention it.
WEIGHTS = {"title": 8, "question": 4, "short": 2, "more": 1}
# A word of more than half of the pages ("ketamine", "does") chooses none of them while a rarer one is there.
COMMON = 0.5
# Of the best page's score. A page that only mentions the one word asked for has 1/15 and stays; one that shares a
# passing word of a long question goes.
WORTH_SHOWING = 0.05
SHORTEST_BEGINNING = 3  # letters; fewer have to be a whole word


def words_of(text: str) -> list[str]:
    """Case and accents folded, the plural's s taken off: "Kétamine, BLADDERS" is ketamine, bladder."""
    decomposed = unicodedata.normalize("NFKD", text.replace("'", "").replace("’", "").casefold())
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return [word.removesuffix("s") if len(word) > 3 else word for word in re.findall(r"[^\W_]+", plain)]


def search(query: str, pages: Collection[Answer]) -> list[Answer]:
    """The pages that fit, best first. The beginning of a word counts half, so that it works while it is typed."""
    fields = {
        page.topic: [(weight, _word_set(getattr(page, name))) for name, weight in WEIGHTS.items()] for page in pages
    }
    wanted = dict.fromkeys(words_of(query))
    hits = {word: found for word in wanted if (found := _hits(word, fields))}
    rare = {word: found for word, found in hits.items() if len(found) <= COMMON * len(pages)}
    if not rare and len(hits) < len(wanted):
        return []  # the word that mattered is nowhere
    scores = defaultdict[str, float](float)
    for found in (rare or hits).values():
        for topic, weight in found.items():
            scores[topic] += weight * math.log(1 + len(pages) / len(found))
    least = WORTH_SHOWING * max(scores.values(), default=0)
    fitting = [page for page in pages if page.topic in scores and scores[page.topic] >= least]
    return sorted(fitting, key=lambda page: (-scores[page.topic], page.title))


@lru_cache(maxsize=1024)  # four texts a page; reading them anew for each keystroke would take 15 ms
def _word_set(text: str) -> frozenset[str]:
    return frozenset(words_of(text))


def _hits(word: str, fields: dict[str, list[tuple[int, frozenset[str]]]]) -> dict[str, float]:
    """Topics that hold the word, with the weight of where they hold it."""
    found: dict[str, float] = {}
    for topic, parts in fields.items():
        for weight, there in parts:
            if word in there:
                found[topic] = found.get(topic, 0) + weight
            elif len(word) >= SHORTEST_BEGINNING and any(other.startswith(word) for other in there):
                found[topic] = found.get(topic, 0) + weight / 2
    return found
