"""Reads data/screen and finds its patterns in a sentence.

A pattern only runs where its rarest word (its anchor) stands, so an ordinary message asks almost nothing of the
Matcher. Words outside the lexicon reach spaCy as `_`: its string store does not grow with what visitors type.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import spacy
import yaml
from spacy.matcher import Matcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from screen.model import About, Risk, Severity
from screen.normalise import Sentence
from screen.notation import ANY, END, START, Notation
from screen.notation import Path as Steps
from screen.spelling import Lexicon

DATA = Path(__file__).resolve().parent.parent / "data" / "screen"
LONGEST = 48  # words the Matcher sees at once; longer sentences are read in overlapping pieces
OVERLAP = 24


@dataclass(frozen=True, slots=True)
class Rule:
    """`about` None: the subject in front of the match decides. `weak`: questions and 'if' clauses silence it.

    `certain`: its words flag whatever the trained net thinks of the message; any other rule needs some support of it.
    """

    id: str
    reason: str
    risk: Risk
    severity: Severity
    about: About | None
    patterns: tuple[str, ...]
    flags: tuple[str, ...]
    passes: tuple[str, ...]
    weak: bool = False
    negatable: bool = True
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Exemption:
    """`scope` span silences matches it overlaps; sentence and message silence all they hold.

    `rules` (ids or their beginnings) narrows it. `silences` weak: only weak rules; impersonal: only matches in
    which no first person stands; all.
    """

    id: str
    reason: str
    scope: str
    risks: frozenset[Risk]
    rules: tuple[str, ...]
    silences: str
    patterns: tuple[str, ...]
    flags: tuple[str, ...]
    passes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """Word positions in the sentence, end exclusive."""

    id: str
    start: int
    end: int


@dataclass(slots=True)
class _Pattern:
    """One Matcher pattern. The Matcher is made when a sentence first holds all its words."""

    owner: str
    steps: Steps
    needs: tuple[frozenset[str], ...]
    matcher: Matcher | None = None


class Finder:
    """Finds patterns by their rarest word, then by the presence of the others, then by spaCy's Matcher."""

    def __init__(self, vocab: Vocab, patterns: Iterable[tuple[str, list[Steps]]], common: frozenset[str]) -> None:
        self._vocab = vocab
        self._by_word: dict[str, list[_Pattern]] = {}
        for owner, paths in patterns:
            for path in paths:
                fixed = [step.words for step in path if not step.gap and not step.words & {START, END}]
                fixed.sort(key=lambda words: sum(50 if word in common else 1 for word in words))
                pattern = _Pattern(owner, path, tuple(fixed[1:]))
                for word in fixed[0]:
                    self._by_word.setdefault(word, []).append(pattern)

    def find(self, words: list[str], doc: Doc) -> list[Hit]:
        """`doc` holds the sentence between START and END, of which the hits know nothing."""
        present = frozenset(words)
        last = len(words)
        found: set[Hit] = set()
        asked: set[int] = set()
        for word in present:
            for pattern in self._by_word.get(word, ()):
                if id(pattern) in asked:
                    continue
                if any(present.isdisjoint(need) for need in pattern.needs):
                    continue
                asked.add(id(pattern))
                for _, start, end in self._matcher(pattern)(doc):
                    found.add(Hit(pattern.owner, max(0, start - 1), min(last, end - 1)))
        return sorted(found, key=lambda hit: (hit.start, -hit.end, hit.id))

    def _matcher(self, pattern: _Pattern) -> Matcher:
        if pattern.matcher is None:
            matcher = Matcher(self._vocab, validate=False)
            matcher.add(pattern.owner, [[step.as_spacy() for step in pattern.steps]])
            pattern.matcher = matcher
        return pattern.matcher


@dataclass(frozen=True)
class RuleBook:
    rules: dict[str, Rule]
    exemptions: dict[str, Exemption]
    lexicon: Lexicon
    spanish: frozenset[str]
    english: frozenset[str]
    words: dict[str, frozenset[str]]
    _vocab: Vocab
    _finder: Finder

    def find(self, sentence: Sentence) -> list[Hit]:
        words = [word.text for word in sentence.words]
        found: dict[Hit, None] = {}
        read: dict[tuple[str, ...], list[Hit]] = {}
        for start in range(0, max(1, len(words)), LONGEST - OVERLAP):
            piece = tuple(words[start : start + LONGEST])
            ends = start + LONGEST >= len(words)
            if piece not in read or start == 0 or ends:
                read[piece] = self._find_piece(piece, start == 0, ends)
            for hit in read[piece]:
                found[Hit(hit.id, hit.start + start, hit.end + start)] = None
            if ends:
                break
        return list(found)

    def _find_piece(self, words: tuple[str, ...], opens: bool, ends: bool) -> list[Hit]:
        known = [word if word in self.lexicon.known else ANY for word in words]
        if all(word == ANY for word in known):
            return []
        around = [START if opens else ANY, *known, END if ends else ANY]
        return self._finder.find(known, Doc(self._vocab, words=around))


def _read(path: Path) -> Any:
    # Every scalar stays a string: in YAML 1.1 the words "no", "on" and "off" would be booleans.
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def read_rules(folder: Path = DATA) -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for path in sorted((folder / "rules").glob("*.yml")):
        for entry in _read(path)["rules"]:
            about = entry.get("about")
            rule = Rule(
                id=entry["id"],
                reason=entry["reason"],
                risk=Risk(path.name.split(".")[0]),
                severity=Severity(entry["severity"]),
                about=About(about) if about else None,
                patterns=_strings(entry["patterns"]),
                flags=_strings(entry.get("flags")),
                passes=_strings(entry.get("passes")),
                weak=entry.get("weak") == "true",
                negatable=entry.get("negatable") != "false",
                certain=entry.get("certain") == "true",
            )
            if rule.id in rules:
                raise ValueError(f"two rules are called {rule.id}")
            rules[rule.id] = rule
    return rules


def read_exemptions(folder: Path = DATA) -> dict[str, Exemption]:
    found: dict[str, Exemption] = {}
    for entry in _read(folder / "exemptions.yml")["exemptions"]:
        exemption = Exemption(
            id=entry["id"],
            reason=entry["reason"],
            scope=entry["scope"],
            risks=frozenset(Risk(r) for r in entry["risks"]) if entry.get("risks") else frozenset(Risk),
            rules=_strings(entry.get("rules")),
            silences=entry.get("silences", "all"),
            patterns=_strings(entry["patterns"]),
            flags=_strings(entry.get("flags")),
            passes=_strings(entry.get("passes")),
        )
        known = exemption.scope in ("span", "sentence", "message")
        if not known or exemption.silences not in ("all", "impersonal", "weak"):
            raise ValueError(f"{exemption.id}: unknown scope or silences")
        if exemption.id in found:
            raise ValueError(f"two exemptions are called {exemption.id}")
        found[exemption.id] = exemption
    return found


def load(folder: Path = DATA) -> RuleBook:
    rules, exemptions = read_rules(folder), read_exemptions(folder)
    families: dict[str, list[str]] = {}
    for path in sorted((folder / "families").glob("*.yml")):
        for name, phrases in _read(path).items():
            families[name] = [str(phrase) for phrase in phrases]
    words: dict[str, Any] = _read(folder / "words.yml")
    notation = Notation(families)
    compiled: list[tuple[str, list[Steps]]] = [
        (owner.id, [path for pattern in owner.patterns for path in notation.compile(pattern)])
        for owner in (*rules.values(), *exemptions.values())
    ]
    sets = {name: frozenset(str(w) for w in listed) for name, listed in words["sets"].items()}
    used = {w for _, paths in compiled for path in paths for step in path for w in step.words} - {START, END, ANY}
    expansions = {str(k): tuple(str(v).split()) for k, v in words["expansions"].items()}
    lexicon = Lexicon(
        known=frozenset(w for w in used.union(*sets.values()) if w not in expansions and ("'" not in w or w == "'s")),
        ordinary=frozenset(str(w) for w in words["ordinary"]),
        expansions=expansions,
        fillers=frozenset(str(w) for w in words["fillers"]),
        emoji={str(k): str(v) for k, v in words["emoji"].items()},
        look_alikes={str(k): str(v) for k, v in words["look_alikes"].items()},
        glue=frozenset(str(w) for w in words["glue"]),
    )
    common = frozenset(str(w) for w in words["common"])
    spoken = _own_words([(id_, paths) for id_, paths in compiled if id_ in rules])
    vocab = spacy.blank("en").vocab
    return RuleBook(
        rules=rules,
        exemptions=exemptions,
        lexicon=lexicon,
        spanish=(spoken["es"] | frozenset(words["spanish"])) - frozenset(words["english"]),
        english=(spoken["en"] | frozenset(words["english"])) - frozenset(words["spanish"]),
        words=sets,
        _vocab=vocab,
        _finder=Finder(vocab, compiled, common),
    )


def _own_words(compiled: list[tuple[str, list[Steps]]]) -> dict[str, frozenset[str]]:
    """Words that only the rules of one language use: they tell the languages apart."""
    used: dict[str, set[str]] = {"en": set(), "es": set()}
    for name, paths in compiled:
        language = "es" if ".es." in name else "en"
        used[language].update(word for path in paths for step in path for word in step.words)
    return {"en": frozenset(used["en"] - used["es"]), "es": frozenset(used["es"] - used["en"])}


@lru_cache(maxsize=1)
def rule_book() -> RuleBook:
    """The shipped rules, read once."""
    return load()


__all__ = ["DATA", "Exemption", "Hit", "Rule", "RuleBook", "load", "read_exemptions", "read_rules", "rule_book"]
