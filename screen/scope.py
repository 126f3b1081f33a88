"""Who is meant, and whether the words are denied: what stands in front of a match."""

from screen.model import About
from screen.normalise import Sentence, Word
from screen.rules import Hit, RuleBook

FARTHEST = 10  # words to look back; denials sit closer than that


def denied_by(hit: Hit, sentence: Sentence, book: RuleBook) -> Word | None:
    """A negator in front with only words between that carry it ("not thinking of ever ...").

    A new subject ends the search ("can't do this, I want ..."), unless a word of saying or thinking introduces it
    ("I don't think I want ..."). "Not that", "not only", "can't stop" and the like deny nothing.
    """
    words, sets = sentence.words, book.words
    position = hit.start - 1
    after = words[hit.start].text if hit.start < len(words) else ""
    if after in sets["subjects"] and not _introduced(position, sentence, book):
        return None
    for _ in range(FARTHEST):
        if position < 0:
            return None
        word = words[position].text
        if word in sets["negators"]:
            return None if _denies_nothing(position, sentence, book) else words[position]
        carries = word in sets["carriers"]
        if word in sets["subjects"]:
            carries = _introduced(position - 1, sentence, book)
        if not carries or (words[position + 1].opens and words[position + 1].text not in sets["joiners"]):
            return None
        position -= 1
    return None


def _introduced(position: int, sentence: Sentence, book: RuleBook) -> bool:
    return position >= 0 and sentence.words[position].text in book.words["reporters"]


def _denies_nothing(position: int, sentence: Sentence, book: RuleBook) -> bool:
    words = sentence.words
    after = words[position + 1].text if position + 1 < len(words) else ""
    before = words[position - 1].text if position else ""
    if words[position + 1].opens if position + 1 < len(words) else False:
        return True  # "no, I want to die"
    return after in book.words["denies_nothing_after"] or before in book.words["denies_nothing_before"]


def is_personal(hit: Hit, sentence: Sentence, book: RuleBook) -> bool:
    """The writer stands in the match or directly before it."""
    words = sentence.words[max(0, hit.start - 3) : hit.end]
    return any(word.text in book.words["selves"] for word in words)


def about(hit: Hit, sentence: Sentence, book: RuleBook) -> About:
    """The first person inside the match wins; otherwise the nearest subject before it."""
    words = sentence.words
    inside = [word.text for word in words[hit.start : hit.end]]
    if inside and inside[0] in book.words["others"]:
        return About.other
    if any(word in book.words["selves"] for word in inside):
        if any(word in book.words["others_reflexive"] for word in inside):
            return About.other
        return _says_so(hit.start, sentence, book)
    if any(word in book.words["others"] or word in book.words["others_reflexive"] for word in inside):
        return About.other
    for position in range(hit.start - 1, max(-1, hit.start - 1 - FARTHEST), -1):
        word = words[position].text
        if word in book.words["selves"] and word not in ("my", "mi", "mis"):
            return _says_so(position, sentence, book)
        if word in book.words["others"]:
            return About.other
    return About.self


def _says_so(position: int, sentence: Sentence, book: RuleBook) -> About:
    """Whose "I" stands at `position`: in "my friend said I want to die" not the writer's."""
    words = [word.text for word in sentence.words]
    advised = words[position + 1 : position + 2] in (["should"], ["must"], ["deserve"], ["need"])
    if position < 2 or advised or words[position - 1] not in book.words["quoting"]:
        return About.self
    return About.other if set(words[max(0, position - 4) : position - 1]) & book.words["others"] else About.self
