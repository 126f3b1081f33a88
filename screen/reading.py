"""A message as the classifier reads it: normalised words, sentence by sentence, question marks kept."""

from screen.normalise import Sentence, sentences
from screen.rules import rule_book


def as_read(text: str) -> str:
    """Lower-case words without tricks ("k!ll mysellf" is "kill myself"); one sentence a part, `.` or `?` at its end."""
    return " ".join(sentence_as_read(sentence, text) for sentence in sentences(text, rule_book().lexicon))


def sentence_as_read(sentence: Sentence, text: str) -> str:
    words = " ".join(word.text for word in sentence.words)
    behind = text[sentence.words[-1].end : sentence.words[-1].end + 3] if sentence.words else ""
    return f"{words} {'?' if '?' in behind else '.'}"
