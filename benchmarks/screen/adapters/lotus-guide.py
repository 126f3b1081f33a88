"""Our own crisis screen, one message at a time and without the messages before it."""

from protocol import serve

import screen


def judge(text: str) -> tuple[bool, None]:
    return screen.assess(text).is_risk, None


if __name__ == "__main__":
    screen.warm_up()
    serve(judge)
