"""cogno-aegis: its InputGuard with the crisis rules that it ships, as its README sets it up."""

import logging

from cogno_aegis import InputGuard  # pyright: ignore[reportMissingImports]
from cogno_aegis.safety import DEFAULT_CRISIS_RULES  # pyright: ignore[reportMissingImports]
from protocol import serve

guard = InputGuard(crisis_rules=DEFAULT_CRISIS_RULES)


def judge(text: str) -> tuple[bool, None]:
    """`check_crisis`, not `check_text`: that one also refuses long messages, which is no crisis."""
    return not guard.check_crisis(text).ok, None


if __name__ == "__main__":
    logging.disable()  # it logs every hit, which is not what is timed
    serve(judge)
