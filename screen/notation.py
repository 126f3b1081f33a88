"""The compact notation of data/screen and how it becomes spaCy Matcher patterns.

    i (want|need) to $die        words, groups of words or phrases, and families by name
    (so|very)? tired             ? may be missing
    kill ..3 myself              .. up to that many other words
    < suicidal >                 start and end of the sentence
    ($want|$urge) $die           a family stands for any of its phrases

A pattern is multiplied out: each way to walk through its groups is one Matcher pattern, in which neighbouring
alternatives of one word stay together as one `IN`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

START, END, ANY = "<", ">", "_"
TOKEN = re.compile(r"\(|\)|\||\?|\.\.\d|<|>|\$\w+|[^\s()|?$<>]+")
MOST_EXPANSIONS = 6_000  # a pattern that needs more is better written as two rules


@dataclass(frozen=True, slots=True)
class Step:
    """One word out of `words`; or, where `gap` is not 0, up to that many words of any kind."""

    words: frozenset[str]
    gap: int = 0

    def as_spacy(self) -> dict[str, Any]:
        if self.gap:
            return {"ORTH": {"NOT_IN": [START, END]}, "OP": f"{{0,{self.gap}}}"}
        words = sorted(self.words)
        return {"ORTH": words[0] if len(words) == 1 else {"IN": words}}


Path = tuple[Step, ...]


class NotationError(ValueError):
    """A pattern that cannot be read; says which one."""


class Notation:
    """Compiles patterns; `families` maps a name to its phrases in the same notation."""

    def __init__(self, families: dict[str, list[str]]) -> None:
        self._families = families
        self._family_paths = lru_cache(maxsize=None)(self._expand_family)

    def compile(self, pattern: str) -> list[Path]:
        tokens = TOKEN.findall(pattern)
        paths, rest = self._alternatives(tokens, 0, pattern)
        if rest != len(tokens):
            raise NotationError(f"unbalanced ')' in {pattern!r}")
        if len(paths) > MOST_EXPANSIONS:
            raise NotationError(f"{len(paths)} expansions of {pattern!r}")
        return [path for path in paths if any(not step.gap for step in path)]

    def _expand_family(self, name: str) -> tuple[Path, ...]:
        if name not in self._families:
            raise NotationError(f"no family ${name}")
        return tuple(_merged([path for phrase in self._families[name] for path in self.compile(phrase)]))

    def _alternatives(self, tokens: list[str], at: int, pattern: str) -> tuple[list[Path], int]:
        found: list[Path] = []
        current: list[Path] = [()]
        while at < len(tokens) and tokens[at] != ")":
            part = tokens[at]
            at += 1
            if part == "|":
                found += current
                current = [()]
                continue
            if part == "(":
                options, at = self._alternatives(tokens, at, pattern)
                if at >= len(tokens):
                    raise NotationError(f"unbalanced '(' in {pattern!r}")
                at += 1
            elif part.startswith("$"):
                options = list(self._family_paths(part[1:]))
            elif part.startswith(".."):
                options = [(Step(frozenset(), int(part[2:])),)]
            elif part == "?":
                raise NotationError(f"stray '?' in {pattern!r}")
            else:
                options = [(Step(frozenset({part})),)]
            if at < len(tokens) and tokens[at] == "?":
                at += 1
                options = [*options, ()]
            current = [left + right for left in current for right in options]
            if len(current) > MOST_EXPANSIONS:
                raise NotationError(f"too many expansions of {pattern!r}")
        return (_merged(found + current) if found else current), at


def _merged(paths: list[Path]) -> list[Path]:
    """Paths equal but for one word become one path; repeats go."""
    paths = list(dict.fromkeys(paths))
    longest = max((len(path) for path in paths), default=0)
    for position in range(longest):
        groups: dict[object, set[str]] = {}
        kept: dict[object, Path] = {}
        for path in paths:
            if position >= len(path) or path[position].gap:
                key: object = path
            else:
                key = (len(path), path[:position], path[position + 1 :])
                groups.setdefault(key, set()).update(path[position].words)
            kept.setdefault(key, path)
        paths = [
            (*path[:position], Step(frozenset(groups[key])), *path[position + 1 :]) if key in groups else path
            for key, path in kept.items()
        ]
    return paths
