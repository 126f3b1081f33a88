"""Marked points at which a test lets a process kill itself. Nothing happens unless LOTUS_FAULT_POINT names one."""

import os
import signal
from pathlib import Path


def fault(point: str) -> None:
    """Die here (kill -9), once for each data folder, where LOTUS_FAULT_POINT is this point; not in production mode."""
    if os.environ.get("LOTUS_FAULT_POINT") != point or os.environ.get("LOTUS_MODE") == "production":
        return
    folder = Path(os.environ.get("LOTUS_DATA_DIR", "."))
    try:
        (folder / f"fault.{point}").touch(exist_ok=False)
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
