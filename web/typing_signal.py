"""Who is typing: a signal between the two open pages of a chat, kept in memory for some seconds and stored nowhere."""

import time
from collections.abc import Callable
from typing import Literal

Side = Literal["visitor", "staff"]
# The pages signal every 3 s while keys are pressed; twice that, and a short pause to think does not flicker.
LASTS_SECONDS = 6.0


class TypingSignals:
    """One per process. `wake` is called with the conversation's id, so that its streams look."""

    def __init__(self, wake: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._wake, self._clock = wake, clock
        self._last: dict[tuple[str, Side], float] = {}

    def note(self, conversation_id: str, side: Side) -> None:
        now = self._clock()
        self._last = {key: at for key, at in self._last.items() if now - at < LASTS_SECONDS}
        self._last[conversation_id, side] = now
        self._wake(conversation_id)

    def stop(self, conversation_id: str, side: Side) -> None:
        """What was being typed has been sent."""
        if self._last.pop((conversation_id, side), None) is not None:
            self._wake(conversation_id)

    def last(self, conversation_id: str, side: Side) -> float | None:
        """A mark that changes with every signal; None where nobody types."""
        at = self._last.get((conversation_id, side))
        return at if at is not None and self._clock() - at < LASTS_SECONDS else None
