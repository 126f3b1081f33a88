"""A message as the classifier reads it: normalised words, sentence by sentence, question marks kept."""

from itertools import groupby, islice

from screen.normalise import Sentence, sentences
from screen.rules import rule_book

MOST_REPEATS = 3  # of a word in a row: a wall of "ok ok ok" says no more than three of them


def as_read(text: str) -> str:
    """Lower-case words without tricks ("k!ll mysellf" is "kill myself"); one sentence a part, `.` or `?` at its end."""
    return " ".join(sentence_as_read(sentence, text) for sentence in sentences(text, rule_book().lexicon))


def sentence_as_read(sentence: Sentence, text: str) -> str:
    runs = groupby(word.text for word in sentence.words)
    words = " ".join(word for _, run in runs for word in islice(run, MOST_REPEATS))
    behind = text[sentence.words[-1].end : sentence.words[-1].end + 3] if sentence.words else ""
    return f"{words} {'?' if '?' in behind else '.'}"
