"""What the screen answers with: the risk, how severe, about whom, and the words it saw."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Language = Literal["en", "es"]


class Risk(StrEnum):
    """The kinds of docs/crisis-protocol.md; `none` is an answer, not the absence of one."""

    none = "none"
    suicide = "suicide"
    self_harm = "self_harm"
    overdose = "overdose"
    harm_to_others = "harm_to_others"
    danger_from_others = "danger_from_others"
    medical_emergency = "medical_emergency"


class Severity(StrEnum):
    """Ordered by `rank`: concern 1, acute 2, imminent 3. Compare ranks, not members."""

    concern = "concern"
    acute = "acute"
    imminent = "imminent"

    @property
    def rank(self) -> int:
        return list(Severity).index(self) + 1


class About(StrEnum):
    """Who is at risk: the visitor, or somebody the visitor writes about."""

    self = "self"
    other = "other"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason for the answer. `start` and `end` are character offsets into the text as it was typed."""

    rule: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """`severity` and `about` are None exactly when `risk` is none."""

    risk: Risk
    severity: Severity | None
    about: About | None
    language: Language
    evidence: tuple[Evidence, ...]

    @property
    def is_risk(self) -> bool:
        return self.risk is not Risk.none
