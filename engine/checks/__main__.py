"""`python -m engine.checks`: runs every test of this folder; prints one JSON object, a traceback or null for each."""

import importlib
import inspect
import json
import sys
import traceback
from pathlib import Path

from engine import __main__ as engine


def main() -> None:
    engine.prepare()
    found = {}
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        module = importlib.import_module(f"engine.checks.{file.stem}")
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if not name.startswith("test_") or test.__module__ != module.__name__:
                continue
            try:
                test()
            except Exception:
                found[f"{file.stem}:{name}"] = traceback.format_exc()
            else:
                found[f"{file.stem}:{name}"] = None
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
