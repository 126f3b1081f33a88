"""`python -m engine serve`: Rasa's server with everything read from the environment.

`lotus serve` sets all of these; a container that holds only the engine sets those that differ.
"""

import os
from pathlib import Path
from typing import List, Text

LOOPBACK = "127.0.0.1"
HOOK = "/webhook"


def arguments() -> List[Text]:
    """Rasa's own arguments. Sets the variables that endpoints.yml reads, where they are missing."""
    actions = os.environ.get("LOTUS_ACTIONS_URL") or f"http://{LOOPBACK}:5055"
    os.environ["LOTUS_ACTIONS_URL"] = ",".join(_hook(one.strip()) for one in actions.split(",") if one.strip())
    os.environ.setdefault("LOTUS_REDIS_URL", "")
    if not os.environ.get("LOTUS_TRACKER_URL"):
        raise SystemExit("LOTUS_TRACKER_URL is missing: where Rasa keeps its trackers, for example postgresql://…")
    return [
        "run",
        "--interface",
        os.environ.get("LOTUS_RASA_HOST") or LOOPBACK,
        "--port",
        os.environ.get("LOTUS_RASA_PORT") or "5005",
        "--model",
        str(Path(os.environ.get("LOTUS_MODEL_DIR") or "models") / "lotus-guide.tar.gz"),
        "--endpoints",
        "endpoints.yml",
        "--credentials",
        "credentials.yml",
        "--logging-config-file",
        "engine/logging.yml",
    ]


def _hook(url: Text) -> Text:
    return url if url.endswith(HOOK) else url.rstrip("/") + HOOK
