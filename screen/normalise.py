"""From what was typed to plain lower-case words, each with its place in the original text.

Characters first (Unicode forms, look-alikes, emoji), then words (letters swapped for symbols, spelled out,
stretched, glued or mistyped), then the small words patterns should not have to repeat (contractions, fillers).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product

from spacy.matcher.levenshtein import levenshtein_compare

MOST_READ = 10_000  # PROTOCOL.md: of an over-long text the first 10,000 characters are read


@dataclass(frozen=True, slots=True)
class Word:
    """`text` is normalised; `start` and `end` are offsets into the original. `opens`: a comma stands before."""

    text: str
    start: int
    end: int
    opens: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    words: tuple[Word, ...]


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


LEET = {
    "0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "i", "|": "il", "+": "t", "€": "e", "£": "l", "(": "c",
}  # fmt: skip
SYMBOLS = "@$|+*€£"
CHUNK = re.compile(rf"[\w'{re.escape(SYMBOLS)}!(.\-]+|[^\w\s]")
CORE = re.compile(rf"[\w{re.escape(SYMBOLS)}].*[\w{re.escape(SYMBOLS)}]|\w", re.DOTALL)
SPLIT = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
STRETCH = re.compile(r"(.)\1{2,}")
ENDS = frozenset(".!?\n…")
TITLES = frozenset({"mr", "mrs", "ms", "dr", "sr", "sra", "dra", "st", "vs", "jr"})


def plain_characters(text: str, lexicon: Lexicon) -> tuple[str, list[int]]:
    """Decomposed, unaccented, lower-case characters and, for each, the index it came from."""
    out: list[str] = []
    where: list[int] = []

    def put(piece: str, index: int) -> None:
        out.append(piece)
        where.extend([index] * len(piece))

    for index, char in enumerate(text):
        if char.isascii():
            put(char.lower(), index)
            continue
        if char in lexicon.emoji:
            put(f" {lexicon.emoji[char]} ", index)
            continue
        if char in lexicon.look_alikes:  # before decomposing: an acute accent used as a quote would become a space
            put(lexicon.look_alikes[char], index)
            continue
        for part in unicodedata.normalize("NFKD", char).casefold():
            kind = unicodedata.category(part)
            if part in lexicon.look_alikes:
                put(lexicon.look_alikes[part], index)
            elif kind in ("Mn", "Me", "Cf", "Cs", "Co", "Cn") or (kind == "Cc" and not part.isspace()):
                continue
            elif part.isspace():
                put("\n" if part in "\u2028\u2029\x85" else " ", index)
            elif kind == "So" or kind == "Sk":
                put(" ", index)
            else:
                put(part, index)
    return "".join(out), where


def sentences(text: str, lexicon: Lexicon) -> list[Sentence]:
    """Reads at most the first 10,000 characters."""
    plain, where = plain_characters(text[:MOST_READ], lexicon)
    found: list[Sentence] = []
    seen: dict[str, tuple[str, ...]] = {}
    for pieces in _split(plain):
        words = _words(pieces, where, lexicon, seen)
        if words:
            found.append(Sentence(tuple(words)))
    return found


@dataclass(slots=True)
class _Piece:
    text: str
    start: int
    end: int
    opens: bool


def _split(plain: str) -> Iterator[list[_Piece]]:
    pieces: list[_Piece] = []
    opens = False
    position = 0
    for match in CHUNK.finditer(plain):
        gap = plain[position : match.start()]
        position = match.end()
        if "\n" in gap and pieces and len(pieces[-1].text) > 1:
            yield pieces
            pieces, opens = [], False
        chunk = match.group()
        core = CORE.search(chunk)
        if core is None:
            ends = chunk[0] in "?¿!…."
            if ends and pieces and not (len(pieces[-1].text) == 1 and chunk == "."):
                yield pieces
                pieces = []
            opens = chunk not in "'\"-#_~`*"
            continue
        head, tail = chunk[: core.start()], chunk[core.end() :]
        start = match.start() + core.start()
        for piece in _undotted(core.group(), start):
            pieces.append(_Piece(piece.text, piece.start, piece.end, opens or bool(head and head[0] in "(")))
            opens = False
        ends = any(c in ENDS for c in tail)
        last = pieces[-1].text
        if ends and tail[:1] == "." and (last in TITLES or (len(last) == 1 and last != "i")):
            ends = False
        if ends:
            yield pieces
            pieces, opens = [], False
    if pieces:
        yield pieces


def _undotted(core: str, start: int) -> list[_Piece]:
    """`sentence.next` is two words; `k.i.l.l` and `ki-ll` stay whole for `_unmask`."""
    parts = list(re.finditer(r"[^.\-(]+", core))
    if len(parts) > 1 and all(len(m.group()) >= 3 for m in parts):
        return [_Piece(m.group(), start + m.start(), start + m.end(), False) for m in parts]
    return [_Piece(core, start, start + len(core), False)]


def _words(pieces: list[_Piece], where: list[int], lexicon: Lexicon, seen: dict[str, tuple[str, ...]]) -> list[Word]:
    words: list[Word] = []
    opens = False
    for piece in _respaced(pieces, lexicon):
        opens = opens or piece.opens
        start, end = where[piece.start], where[piece.end - 1] + 1
        if piece.text not in seen:
            seen[piece.text] = read(piece.text, lexicon)
        for text in seen[piece.text]:
            if text in lexicon.fillers:
                continue
            words.append(Word(text, start, end, opens))
            opens = False
    return words


def _respaced(pieces: list[_Piece], lexicon: Lexicon) -> Iterator[_Piece]:
    """Joins letters typed one by one (`k i l l`) and words broken in two (`sui cide`)."""
    index = 0
    while index < len(pieces):
        run = index
        while run < len(pieces) and len(pieces[run].text) == 1 and run - index < 60:
            run += 1
        if run - index >= 3:
            group = pieces[index:run]
            joined = "".join(piece.text for piece in group)
            cut = _segment(joined, lexicon, spelled=True)
            if cut:
                at = 0
                for word in cut:
                    part = group[at : at + len(word)]
                    yield _Piece(word, part[0].start, part[-1].end, part[0].opens)
                    at += len(word)
            else:
                yield from group
            index = run
            continue
        piece = pieces[index]
        if index + 1 < len(pieces):
            after = pieces[index + 1]
            joined = piece.text + after.text
            if (
                len(joined) >= 6
                and joined in lexicon.known
                and not (piece.text in lexicon.known and after.text in lexicon.known and joined not in lexicon.glue)
                and not after.opens
            ):
                yield _Piece(joined, piece.start, after.end, piece.opens)
                index += 2
                continue
        yield piece
        index += 1


def _segment(joined: str, lexicon: Lexicon, *, spelled: bool) -> list[str] | None:
    """Cuts letters into known words with the fewest cuts; None where a letter is left over."""
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
        cut = _segment(piece, lexicon, spelled=False)
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
