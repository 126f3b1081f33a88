"""What makes staff necessary: found by the screen, by Rasa's second net, or asked for by the visitor."""

from dataclasses import dataclass, field
from typing import Any

SEVERITIES = ("concern", "acute", "imminent")  # rising
# After these, serious-risk education is withheld (docs/crisis-protocol.md).
WITHHOLDING_RISKS = frozenset({"suicide", "self_harm", "overdose", "harm_to_others"})


@dataclass(frozen=True)
class Finding:
    """`risk` is a kind of the crisis protocol, or "none" where the visitor asked for a person.

    `evidence` holds rule ids and character offsets, never words. `answers` is the safety question that the message
    says yes to, if any; `is_news`: that question was still open, so that staff could not know the answer yet.
    """

    risk: str
    severity: str
    source: str
    about: str | None = "self"
    language: str = "en"
    evidence: list[dict[str, Any]] = field(default_factory=list)
    answers: str | None = None
    is_news: bool = False

    def is_more_than(self, risk: str, severity: str) -> bool:
        """Whether staff who know of `risk` at `severity` have to hear of it at once: worse, a first risk, or news."""
        if self.risk == "none":
            return False
        rise = SEVERITIES.index(self.severity) - SEVERITIES.index(severity)
        return risk == "none" or rise > 0 or (rise == 0 and self.is_news)

    def is_another_kind(self, risk: str, severity: str) -> bool:
        """Another risk than `risk`, and no less severe."""
        as_severe = SEVERITIES.index(self.severity) >= SEVERITIES.index(severity)
        return self.risk not in ("none", risk) and as_severe
