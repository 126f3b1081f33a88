"""rrt-advocate: its CrisisEngine with VADER (its optional, stronger sentiment layer), a new session each message.

Flags on any level but GREEN, as its README does.
"""

from protocol import serve
from rrt_advocate import CrisisEngine, CrisisLevel  # pyright: ignore[reportMissingImports]

engine = CrisisEngine("benchmark")


def judge(text: str) -> tuple[bool, float]:
    assessment = engine.assess(text)
    return assessment.crisis_level is not CrisisLevel.GREEN, assessment.confidence_score


if __name__ == "__main__":
    serve(judge, before=engine.reset_session)
