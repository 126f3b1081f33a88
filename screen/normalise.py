"""From what was typed to plain lower-case words, each with its place in the original text.

Characters first (Unicode forms, look-alikes, emoji), then words (letters swapped for symbols, spelled out,
stretched, glued or mistyped), then the small words patterns should not have to repeat (contractions, fillers).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from screen.spelling import Lexicon, read, segment

MOST_READ = 10_000  # docs/crisis-protocol.md: of an over-long text the first 10,000 characters are read


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

    @property
    def said(self) -> tuple[str, ...]:
        """Its words without their places: equal for a sentence and its repeat."""
        return tuple(word.text for word in self.words)


SYMBOLS = "@$|+*€£"
CHUNK = re.compile(rf"[\w'{re.escape(SYMBOLS)}!(.\-]+|[^\w\s]")
CORE = re.compile(rf"[\w{re.escape(SYMBOLS)}].*[\w{re.escape(SYMBOLS)}]|\w", re.DOTALL)
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
            put("'" if char == "`" else char.lower(), index)
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
        if ends and tail[:1] == "." and (last in TITLES or (len(last) == 1 and last.isalpha() and last != "i")):
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
            cut = segment(joined, lexicon, spelled=True)
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
