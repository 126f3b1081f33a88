"""Marked points at which a test lets a process kill itself (benchmarks/faults); LOTUS_FAULT_POINT arms them.

engine/faults.py holds the same for Rasa's own Python.
"""

import os
import signal
from pathlib import Path

FILE = "fault.point"
POINTS = (
    "web.crisis_read",
    "web.crisis_stored",
    "web.crisis_committed",
    "web.crisis_spooled",
    "rasa.received",
    "rasa.understood",
    "rasa.answered",
    "actions.called",
    "actions.handoff_stored",
    "actions.handoff_committed",
    "worker.round",
    "worker.spool_stored",
    "worker.claimed",
    "worker.before_send",
    "worker.after_send",
    "worker.completed",
)


def fault(point: str) -> None:
    """Die here (kill -9) where the point is armed, once; never in production mode.

    LOTUS_FAULT_POINT=file arms the point that the file `fault.point` in the data folder names, so that one running
    service can be broken at all of them; any other value is the name of a point itself.
    """
    armed = os.environ.get("LOTUS_FAULT_POINT")
    if not armed or os.environ.get("LOTUS_MODE") == "production":
        return
    folder = Path(os.environ.get("LOTUS_DATA_DIR", "."))
    try:
        if armed == "file":
            if (folder / FILE).read_text(encoding="utf-8") != point:
                return
            (folder / FILE).unlink()
        elif armed == point:
            (folder / f"fault.{point}").touch(exist_ok=False)
        else:
            return
    except OSError:  # not armed, or another process was here first
        return
    os.kill(os.getpid(), signal.SIGKILL)
