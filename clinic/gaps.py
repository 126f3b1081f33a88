"""Grouping the messages that got no answer; which of their masked words are shown. docs/insights.md has the rules."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from spacy.lang.en.stop_words import STOP_WORDS as ENGLISH
from spacy.lang.es.stop_words import STOP_WORDS as SPANISH

from clinic.masking import HIDDEN, Vocabulary, collapse

# What two visitors asked is a question; what one wrote may be a story, and tells who wrote it even without names.
# A chat ends with its tab, so two may be one person: masking carries the weight, this is the second net.
EXAMPLES_FROM = 2
# A word that the clinic's texts hardly have may still be a name; one that three conversations have is a subject.
RARE_WORD_FROM = 3
EXAMPLES, WORDS = 3, 5
LONGEST_EXAMPLE = 16  # words; a question fits, a life story does not
# spaCy's lists do not have the small answers ("ok") that fall back where no question was open.
SMALL_ANSWERS = {"yes", "yeah", "yep", "ok", "okay", "nope", "sure", "stop", "maybe", "please", "thanks", "si", "vale"}
STOP_WORDS = ENGLISH | SPANISH | SMALL_ANSWERS | {HIDDEN}


@dataclass(frozen=True)
class Gap:
    """One message that was not answered.

    `outcome` is clarified, missing (understood, but nobody has written that answer) or fell_back; `about` are the
    topics offered or missing. `then` is what the visitor did with the choices: a topic,
    none_of_these, wrote_on or left.
    """

    conversation: str
    day: date
    outcome: str
    about: tuple[str, ...]
    words: list[str]
    then: str | None = None


@dataclass(frozen=True)
class Group:
    """Messages alike. `about`: topics for clarified and missing ones, else the word that they share, or nothing."""

    outcome: str
    about: list[str]
    count: int
    conversations: int
    first: date
    last: date
    words: list[str]
    examples: list[str]
    then: dict[str, int]


def group(gaps: list[Gap], known: Vocabulary, *, examples_from: int = EXAMPLES_FROM) -> list[Group]:
    """Most conversations first. Clarified ones by the topics offered, others by a word they share."""
    gaps = _without_rare_words(gaps, known)
    alike: dict[tuple[str, tuple[str, ...]], list[Gap]] = defaultdict(list)
    fallen = [gap for gap in gaps if not gap.about]
    for gap, word in zip(fallen, _shared_words(fallen, known), strict=True):
        alike[gap.outcome, (word,) if word else ()].append(gap)
    for gap in gaps:
        if gap.about:
            alike[gap.outcome, gap.about].append(gap)
    groups = [
        _group(outcome, about, found, known, examples_from=examples_from) for (outcome, about), found in alike.items()
    ]
    return sorted(groups, key=lambda one: (-one.conversations, -one.count, one.outcome, one.about))


def _without_rare_words(gaps: list[Gap], known: Vocabulary) -> list[Gap]:
    """Rare words hidden, but for those of enough conversations."""
    said = _conversations_by_word(gaps)
    hidden = {word for word, chats in said.items() if word in known.rare and len(chats) < RARE_WORD_FROM}
    return [replace(gap, words=collapse([HIDDEN if word in hidden else word for word in gap.words])) for gap in gaps]


def _conversations_by_word(gaps: Iterable[Gap]) -> dict[str, set[str]]:
    said: dict[str, set[str]] = defaultdict(set)
    for gap in gaps:
        for word in gap.words:
            said[word].add(gap.conversation)
    return said


def _weights(gaps: Iterable[Gap], known: Vocabulary) -> dict[str, float]:
    """TF-IDF: in how many of these conversations a word is, times how rare it is in the clinic's own texts."""
    return {
        word: len(chats) * math.log(1 + known.texts / known.spread[word])
        for word, chats in _conversations_by_word(gaps).items()
        if word not in STOP_WORDS
    }


def _shared_words(gaps: list[Gap], known: Vocabulary) -> list[str | None]:
    """For each message its heaviest word, so that one subject's messages meet under one word."""
    weights = _weights(gaps, known)
    return [
        max((word for word in gap.words if word in weights), key=lambda word: (weights[word], word), default=None)
        for gap in gaps
    ]


def _group(outcome: str, about: tuple[str, ...], gaps: list[Gap], known: Vocabulary, *, examples_from: int) -> Group:
    conversations = {gap.conversation for gap in gaps}
    weights = _weights(gaps, known)
    days = [gap.day for gap in gaps]
    return Group(
        outcome=outcome,
        about=list(about),
        count=len(gaps),
        conversations=len(conversations),
        first=min(days),
        last=max(days),
        words=sorted(weights, key=lambda word: (-weights[word], word))[:WORDS],
        examples=_examples(gaps, weights) if len(conversations) >= examples_from else [],
        then=dict(Counter(gap.then for gap in gaps if gap.then).most_common()),
    )


def _examples(gaps: list[Gap], weights: dict[str, float]) -> list[str]:
    """Up to three wordings, each of another conversation: those least hidden, then those shortest."""
    chosen: dict[str, str] = {}
    for gap in sorted(
        gaps, key=lambda gap: (gap.words.count(HIDDEN) / (len(gap.words) or 1), len(gap.words), gap.words)
    ):
        cut = gap.words if len(gap.words) <= LONGEST_EXAMPLE else [*gap.words[:LONGEST_EXAMPLE], HIDDEN]
        wording = " ".join(collapse(cut))
        if weights.keys() & set(gap.words) and wording not in chosen.values():
            chosen.setdefault(gap.conversation, wording)
        if len(chosen) == EXAMPLES:
            break
    return list(chosen.values())
