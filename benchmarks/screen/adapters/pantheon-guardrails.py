"""pantheon-guardrails: its CrisisProtocol. The package's other parts redact or need a language model."""

from pantheon_guardrails import CrisisProtocol  # pyright: ignore[reportMissingImports]
from protocol import serve

crisis = CrisisProtocol()


def judge(text: str) -> tuple[bool, None]:
    return crisis.check(text, jurisdiction="US").triggered, None


if __name__ == "__main__":
    serve(judge)
