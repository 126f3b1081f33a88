"""Reading the YAML files people edit, with an edit taking effect at once, and an unreadable edit never."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
import yaml

log = structlog.get_logger(__name__)
DATA = Path(__file__).resolve().parent.parent / "data"


class Live[T]:
    """A value read from files; read again when one of them has changed.

    An edit that cannot be read is logged and the value of before stays. The first reading raises.
    """

    def __init__(self, read: Callable[[], T], *paths: Path) -> None:
        self._read, self._paths = read, paths
        self._lock = threading.Lock()
        self._stamp: tuple[tuple[str, int], ...] | None = None
        self._value: T

    def __call__(self) -> T:
        with self._lock:
            try:
                stamp = self._now()
                if stamp != self._stamp:
                    self._stamp = stamp
                    self._value = self._read()
            except Exception as problem:
                # Some editors remove a file for a moment, and an edit may be half done: the last good one stays.
                if not hasattr(self, "_value"):
                    self._stamp = None
                    raise
                log.error("content.unreadable", file=self._paths[0].name, error=type(problem).__name__)
            return self._value

    def _now(self) -> tuple[tuple[str, int], ...]:
        files = [file for path in self._paths for file in (sorted(path.glob("*.yml")) if path.is_dir() else [path])]
        return tuple((file.name, file.stat().st_mtime_ns) for file in files)


def read_yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


wording = Live(lambda: read_yaml(DATA / "wording.yml"), DATA / "wording.yml")
"""data/wording.yml as nested dicts."""
