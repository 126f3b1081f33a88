"""Hiding in a visitor's words whatever could tell who wrote them: only words of the clinic's own texts stay."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from spacy.lang.en.lex_attrs import like_num as is_english_number
from spacy.lang.es.lex_attrs import like_num as is_spanish_number

from clinic.booking.time_words import MONTHS
from clinic.content import DATA, Live, read_yaml
from clinic.library import ANSWERS, TOPICS_FILE, library

NLU, NEVER_SHOWN_FILE = DATA / "nlu", DATA / "insights.yml"
HIDDEN = "…"
# Their examples are made of names, numbers and times: what stands only there is not the clinic's vocabulary.
OF_THE_BOOKING = ("inform", "book_call")
# An example may name a person ("my sister betty"), and a word of three intents is no name: of some 300 common names and
# places tried in November 2026, those left are words of either language too ("will", "hope") or stand in
# data/insights.yml.
COMMON_FROM = 3
RARE_FROM = 2  # a word of one single example is never shown
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
# An address of the net or a mailbox, also where a space was forgotten after a full stop: then too much is hidden.
ADDRESS_SIGNS = re.compile(r"[@_]|://|\w\.\w")
STREET = re.compile(
    r"\d\S*(?:\s+\S+){0,3}?\s+(?:street|st|avenue|ave|road|rd|lane|ln|boulevard|blvd|court|ct|circle|apt|suite)\b"
    r"|\b(?:calle|avenida)(?:\s+\S+){1,3}?\s+\S*\d\S*",
    re.IGNORECASE,
)
# One or two words after these are a name, even where they are ordinary words ("my name is hope young").
NAMED = re.compile(
    r"\b(?:names? is|name's|named|me llamo|(?:se|me) llaman?|nombre es|(?:dr|mr|mrs|ms|sra?|dra)\b\.?)"
    r"\s+\S+(?:\s+\S+)?",
    re.IGNORECASE,
)
SPELLED = re.compile(r"\b(?:[^\W\d_][\s.,-]+){2,}[^\W\d_]\b")  # "m a r i a"
SENTENCE_END = (".", "!", "?", ":")


@dataclass(frozen=True)
class Vocabulary:
    """The words that may be shown, lower case.

    `common` may always be shown; `rare` ones only where several conversations have them. `capitalized` are those that
    the answers write with a capital inside a sentence. `spread` counts the texts (intents, answers) a word stands in.
    """

    common: frozenset[str]
    rare: frozenset[str]
    capitalized: frozenset[str]
    spread: dict[str, int]
    texts: int


def read_vocabulary() -> Vocabulary:
    """From data/nlu, the answers and data/topics.tsv, without numbers, months and data/insights.yml."""
    spread, examples, of_the_booking = Counter[str](), Counter[str](), set[str]()
    paths = sorted(NLU.glob("*.yml"))
    for path in paths:
        counts = Counter(word.lower() for text in _examples(path) for word in WORD.findall(_normal(text)))
        if path.stem in OF_THE_BOOKING:
            of_the_booking |= counts.keys()
        else:
            spread.update(counts.keys())
            examples.update(counts)
    written, capitalized = defaultdict[str, set[str]](set), set[str]()
    for topic, text in _clinic_texts():
        for word, is_first in _in_sentences(text):
            written[word.lower()].add(topic)
            if word[0].isupper() and not is_first:
                capitalized.add(word.lower())
    never = {word for line in read_yaml(NEVER_SHOWN_FILE)["never_shown"] for word in line}
    common = {word for word, times in spread.items() if times >= COMMON_FROM} | written.keys()
    rare = {word for word, times in examples.items() if times >= RARE_FROM} - common - of_the_booking
    return Vocabulary(
        common=frozenset(word for word in common - never if not _is_part_of_a_date(word)),
        rare=frozenset(word for word in rare - never if not _is_part_of_a_date(word)),
        capitalized=frozenset(capitalized),
        spread={word: spread[word] + len(written.get(word, ())) for word in common | rare},
        texts=len(paths) + len(library().answers),
    )


vocabulary = Live(read_vocabulary, NLU, ANSWERS, TOPICS_FILE, NEVER_SHOWN_FILE)


def mask(text: str, known: Vocabulary) -> list[str]:
    """The words of `text` that are known, lower case; a run of others is one "…", so not even its length shows."""
    text = _normal(text)
    is_shouted = text.isupper()
    for private in (STREET, NAMED, SPELLED):
        text = private.sub(" 0 ", text)  # hidden below, as everything with a digit
    shown: list[str] = []
    for word, is_first in _in_sentences(text):
        plain = word.lower()
        is_known = plain in known.common or plain in known.rare
        # A capital inside a sentence makes a name of "Young" or "Mark"; FDA and I are none, nor is a shout.
        is_name = word[0].isupper() and not (is_first or word.isupper() or is_shouted or plain in known.capitalized)
        shown.append(plain if is_known and not is_name else HIDDEN)
    return collapse(shown)


def collapse(words: list[str]) -> list[str]:
    return [word for at, word in enumerate(words) if word != HIDDEN or at == 0 or words[at - 1] != HIDDEN]


def _in_sentences(text: str) -> Iterator[tuple[str, bool]]:
    """Each word, and whether it begins a sentence. What has a digit or looks like an address comes as "…"."""
    is_first = True
    for chunk in _normal(text).split():
        is_private = ADDRESS_SIGNS.search(chunk) or any(unicodedata.category(sign)[0] == "N" for sign in chunk)
        for word in [HIDDEN] if is_private else WORD.findall(chunk):
            yield word, is_first
            is_first = False
        is_first = is_first or chunk.endswith(SENTENCE_END)


def _normal(text: str) -> str:
    """One form for each letter. Accents stay: without them the name Peña would be the word "pena"."""
    return unicodedata.normalize("NFKC", text).replace("’", "'")


def _examples(path: Path) -> list[str]:
    """The blocks of examples; libyaml's loader, because PyYAML's own takes ten seconds for all of data/nlu."""
    return [entry["examples"] for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["nlu"]]


def _clinic_texts() -> Iterator[tuple[str, str]]:
    book = library()
    for topic in book.topics.values():
        yield topic.id, f"{topic.id.replace('_', ' ')}: {topic.about}"
    for answer in book.answers.values():
        for text in (answer.title, answer.question, answer.short, answer.more, answer.not_known):
            yield answer.topic, text


def _is_part_of_a_date(word: str) -> bool:
    """A number or a month in words: a date of birth or a phone number can be spelled out."""
    return bool(re.fullmatch(MONTHS, word)) or is_english_number(word) or is_spanish_number(word)
