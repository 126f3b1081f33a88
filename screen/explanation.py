"""What the screen saw in one message on its way to an assessment, and how the one becomes the other."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from screen.classifier import Opinion
from screen.model import About, Assessment, Evidence, Language, Risk, Severity
from screen.normalise import Sentence

# Where two kinds are found with equal severity the one whose reply must not be missed goes first.
PRECEDENCE = (
    Risk.overdose,
    Risk.medical_emergency,
    Risk.suicide,
    Risk.danger_from_others,
    Risk.harm_to_others,
    Risk.self_harm,
)
MOST_EVIDENCE = 20
Net = Literal["rules", "rules, with the earlier messages", "trained net"]


class Outcome(StrEnum):
    """What became of a rule's hit; `RuleHit.by` names what silenced it."""

    counted = "counted"
    exempt = "exempt"  # by an exemption's id
    denied = "denied"  # by the visitor's own word in front of it
    earlier = "earlier"  # it lies in an earlier message alone, which was judged when it came
    doubted = "doubted"  # the trained net sees next to no risk in the message, and the rule is not certain


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule or the net saw. `start` and `end` are character offsets into the text as it was typed."""

    rule: str
    risk: Risk
    severity: Severity
    about: About
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RuleHit:
    """`personal`: the writer stands in it, which some exemptions leave alone."""

    finding: Finding
    personal: bool
    outcome: Outcome
    by: str | None = None


@dataclass(frozen=True, slots=True)
class ExemptionHit:
    """An exemption's words were there, whether or not it had anything to silence."""

    exemption: str
    start: int
    end: int


@dataclass(slots=True)
class Reading:
    """What the rules made of `text`. `settled` holds what was `said` in sentences the net needs not see."""

    text: str
    sentences: list[Sentence]
    hits: list[RuleHit] = field(default_factory=list)
    exemptions: list[ExemptionHit] = field(default_factory=list)
    settled: set[tuple[str, ...]] = field(default_factory=set)
    unread: list[Sentence] = field(default_factory=list)  # repeats, or enough was known by then

    @property
    def findings(self) -> list[Finding]:
        return [hit.finding for hit in self.hits if hit.outcome is Outcome.counted]

    @property
    def unsettled(self) -> list[Sentence]:
        if not self.settled:
            return self.sentences
        return [sentence for sentence in self.sentences if sentence.said not in self.settled]


@dataclass(frozen=True, slots=True)
class Explanation:
    """`behind_earlier` is the message read behind the ones before it; `opinions` are the net's, one a window.

    Each is None where it was not asked, because what came before it had decided. `by_net`: the net flagged where no
    rule's hit was left.
    """

    text: str
    language: Language
    reading: Reading
    behind_earlier: Reading | None
    opinions: list[Opinion] | None
    findings: list[Finding]
    by_net: bool = False

    @property
    def decided_by(self) -> Net | None:
        """None where nothing was found."""
        if not self.findings:
            return None
        if self.by_net:
            return "trained net"
        return "rules" if self.behind_earlier is None else "rules, with the earlier messages"

    @property
    def assessment(self) -> Assessment:
        found = self.findings
        if not found:
            return Assessment(Risk.none, None, None, self.language, ())
        top = max(found, key=lambda f: (f.severity.rank, -PRECEDENCE.index(f.risk)))
        evidence = {Evidence(f.rule, f.start, f.end): None for f in sorted(found, key=lambda f: f is not top)}
        return Assessment(top.risk, top.severity, top.about, self.language, tuple(evidence)[:MOST_EVIDENCE])
