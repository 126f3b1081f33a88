"""How one typed word is read: contractions, disguises, stretched, glued and mistyped words."""

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

from spacy.matcher.levenshtein import levenshtein_compare

LEET = {
    "0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "i", "|": "il", "+": "t", "€": "e", "£": "l", "(": "c",
}  # fmt: skip
SPLIT = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
STRETCH = re.compile(r"(.)\1{2,}")


@dataclass(frozen=True)
class Lexicon:
    """The words the patterns know, and how other words are read. Everything outside it is only a gap."""

    known: frozenset[str]
    ordinary: frozenset[str]
    expansions: dict[str, tuple[str, ...]]
    fillers: frozenset[str]
    emoji: dict[str, str]
    look_alikes: dict[str, str]
    glue: frozenset[str]

    @cached_property
    def readable(self) -> frozenset[str]:
        return self.known | self.fillers | frozenset(self.expansions)

    @cached_property
    def long_words(self) -> dict[tuple[str, int], list[str]]:
        """Words that FUZZY may reach, by first letter and length.

        From six letters on: below that one slip too often makes another ordinary word.
        """
        found: dict[tuple[str, int], list[str]] = {}
        for word in sorted(self.known):
            if len(word) >= 6 and word.isalpha():
                found.setdefault((word[0], len(word)), []).append(word)
        return found

    @cached_property
    def masked(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for word in sorted(self.known):
            if len(word) >= 3:
                found.setdefault(len(word), []).append(word)
        return found


def segment(joined: str, lexicon: Lexicon, *, spelled: bool) -> list[str] | None:
    """Cuts letters into known words with the fewest cuts; None where a letter is left over."""
    if len(set(joined)) < 3:
        return None
    joined = "".join(LEET.get(c, c)[0] if not c.isalpha() else c for c in joined)
    best: list[list[str] | None] = [[]] + [None] * len(joined)
    for end in range(1, len(joined) + 1):
        for start in range(max(0, end - 14), end):
            head, word = best[start], joined[start:end]
            if head is None or (len(word) == 1 and word not in "iyu") or word not in lexicon.readable:
                continue
            current = best[end]
            if current is None or len(head) + 1 < len(current):
                best[end] = [*head, word]
    cut = best[-1]
    if not cut or max(len(word) for word in cut) < 3:
        return None
    if not spelled and (len(cut) < 2 or not any(word in lexicon.glue for word in cut)):
        return None
    return cut


def read(piece: str, lexicon: Lexicon) -> tuple[str, ...]:
    """One typed piece as words the patterns know, or as itself where nothing fits."""
    for candidate in (piece, piece.strip("'_.-!(*")):
        if candidate in lexicon.expansions:
            return lexicon.expansions[candidate]
        if candidate in lexicon.known or candidate in lexicon.fillers:
            return (candidate,)
    if "'" in piece:
        return _contracted(piece, lexicon)
    if piece.isdecimal() and 2 <= len(piece) <= 3:
        return ("somenumber",)  # which number is nobody's business here
    if not piece.isalpha():
        return _unmask(piece, lexicon)
    if STRETCH.search(piece):
        shrunk = _shrink(piece, lexicon)
        if shrunk:
            return lexicon.expansions.get(shrunk, (shrunk,))
    if piece in lexicon.ordinary or len(piece) > 60:
        return (piece,)
    repaired = _repair(piece, lexicon)
    if repaired:
        return lexicon.expansions.get(repaired, (repaired,))
    if len(piece) >= 7:
        cut = segment(piece, lexicon, spelled=False)
        if cut:
            return tuple(w for word in cut for w in lexicon.expansions.get(word, (word,)))
    return (piece,)


ENDINGS = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would", "s": "'s"}


OPENERS = frozenset({"he", "she", "it", "that", "what", "there", "who", "here", "where", "how", "this"})


def _contracted(piece: str, lexicon: Lexicon) -> tuple[str, ...]:
    head, _, tail = piece.rpartition("'")
    if tail == "t" and head.endswith("n"):
        return (*read(head[:-1], lexicon), "not") if head[:-1] else ("not",)
    if tail == "s" and head in OPENERS:
        return (*read(head, lexicon), "is")
    if tail in ENDINGS and head:
        return (*read(head, lexicon), ENDINGS[tail])
    return tuple(w for part in piece.split("'") if part for w in read(part, lexicon))


def _unmask(piece: str, lexicon: Lexicon) -> tuple[str, ...]:
    """`k1ll`, `d!e`, `k.i.l.l`, `su*cide`: taken only where a known word comes out."""
    bare = re.sub(r"[.\-_(]", "", piece)
    if any(c.isalpha() for c in bare) and len(bare) <= 30:
        if bare != piece and (bare in lexicon.known or bare in lexicon.expansions):
            return lexicon.expansions.get(bare, (bare,))
        if "*" in bare:
            hidden = [w for w in lexicon.masked.get(len(bare), ()) if _fits(bare, w)]
            if hidden and sum(c.isalpha() for c in bare) >= 2:
                return (hidden[0],)
        options = [LEET.get(c, c) if not c.isalpha() else c for c in bare.rstrip("!")]
        odd = sum(not c.isalpha() for c in bare)
        if len(bare) >= 3 and odd and odd < len(bare) and all(o.isalpha() for o in options):
            for letters in islice(product(*options), 16):
                word = "".join(letters)
                if word in lexicon.known or word in lexicon.expansions:
                    return lexicon.expansions.get(word, (word,))
                repaired = _repair(word, lexicon)
                if repaired:
                    return (repaired,)
    return tuple(w for part in SPLIT.findall(piece) if part != piece for w in read(part, lexicon)) or (piece,)


def _fits(masked: str, word: str) -> bool:
    return all(a in ("*", b) for a, b in zip(masked, word, strict=True))


def _shrink(piece: str, lexicon: Lexicon) -> str | None:
    for letters in (r"\1\1", r"\1"):
        word = STRETCH.sub(letters, piece)
        if word in lexicon.readable:
            return word
    runs = list(STRETCH.finditer(piece))
    if len(runs) <= 4:
        for counts in product((1, 2), repeat=len(runs)):
            left = iter(counts)
            word = STRETCH.sub(lambda m, left=left: m.group(1) * next(left), piece)
            if word in lexicon.readable:
                return word
    return _repair(STRETCH.sub(r"\1", piece), lexicon)


def _repair(word: str, lexicon: Lexicon) -> str | None:
    """spaCy's FUZZY, asked once a word instead of once a pattern: distance 1, from nine letters on 2."""
    if len(word) < 5 or len(word) > 20 or word in lexicon.ordinary:
        return None
    if word in lexicon.known:
        return word
    for allowed in (1, 2) if len(word) >= 9 else (1,):
        for length in range(len(word) - allowed, len(word) + allowed + 1):
            if length < 9 and allowed == 2:
                continue
            for known in lexicon.long_words.get((word[0], length), ()):
                if levenshtein_compare(word, known, allowed):
                    return known
    swapped = [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)]
    return next((s for s in swapped if s in lexicon.known and len(s) >= 5), None)
