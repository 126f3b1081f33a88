"""Rasa's marked points of clinic/faults.py. Only where LOTUS_FAULT_POINT is set; never in production mode."""

import os
import signal
from functools import wraps
from pathlib import Path

from rasa.core.processor import MessageProcessor


def install() -> None:
    """Before a message is read, after it was understood, and after it was answered."""
    received, understood = MessageProcessor.handle_message, MessageProcessor.parse_message

    @wraps(received)
    async def handle_message(self, message):
        fault("rasa.received")
        answer = await received(self, message)
        fault("rasa.answered")
        return answer

    @wraps(understood)
    async def parse_message(self, *arguments, **named):
        parsed = await understood(self, *arguments, **named)
        fault("rasa.understood")
        return parsed

    MessageProcessor.handle_message, MessageProcessor.parse_message = handle_message, parse_message


def fault(point: str) -> None:
    armed = os.environ.get("LOTUS_FAULT_POINT")
    if not armed or os.environ.get("LOTUS_MODE") == "production":
        return
    folder = Path(os.environ.get("LOTUS_DATA_DIR", "."))
    try:
        if armed == "file":
            if (folder / "fault.point").read_text(encoding="utf-8") != point:
                return
            (folder / "fault.point").unlink()
        elif armed == point:
            (folder / f"fault.{point}").touch(exist_ok=False)
        else:
            return
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
