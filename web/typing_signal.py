"""Who is typing: a signal between the two open pages of a chat, kept in memory for some seconds and stored nowhere."""

import time
from collections.abc import Callable
from typing import Literal

Side = Literal["visitor", "staff"]
Signal = Literal["typing", "stopped"]
# The pages signal every 3 s while keys are pressed; twice that, and a short pause to think does not flicker.
LASTS_SECONDS = 6.0


def _nobody(_signal: Signal, _conversation_id: str, _side: Side) -> None:
    """There is no other process."""


class TypingSignals:
    """One per process. `wake` is called with the conversation's id, so that its streams look; `tell` tells the others.

    `note` and `stop` are for what happens here, `hear` for what another process told.
    """

    def __init__(
        self,
        wake: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[Signal, str, Side], None] = _nobody,
    ) -> None:
        self._wake, self._clock, self._tell = wake, clock, tell
        self._last: dict[tuple[str, Side], float] = {}

    def note(self, conversation_id: str, side: Side) -> None:
        self.hear("typing", conversation_id, side)
        self._tell("typing", conversation_id, side)

    def stop(self, conversation_id: str, side: Side) -> None:
        """What was being typed has been sent."""
        if (conversation_id, side) in self._last:
            self.hear("stopped", conversation_id, side)
            self._tell("stopped", conversation_id, side)

    def hear(self, signal: Signal, conversation_id: str, side: Side) -> None:
        if signal == "stopped":
            if self._last.pop((conversation_id, side), None) is not None:
                self._wake(conversation_id)
            return
        now = self._clock()
        self._last = {key: at for key, at in self._last.items() if now - at < LASTS_SECONDS}
        self._last[conversation_id, side] = now
        self._wake(conversation_id)

    def last(self, conversation_id: str, side: Side) -> float | None:
        """A mark that changes with every signal; None where nobody types."""
        at = self._last.get((conversation_id, side))
        return at if at is not None and self._clock() - at < LASTS_SECONDS else None
