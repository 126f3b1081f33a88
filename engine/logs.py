"""Rasa's log lines as JSON without a visitor's words.

Rasa logs whole messages, slots and request bodies when a turn fails, at every log level. This formatter writes
a fixed set of fields and never the message's arguments, exception text or extra keys.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

# Loggers whose first words are a fixed sentence of Rasa's own; everything else is named only by its place.
PLAIN_LOGGERS = ("rasa.core.run", "rasa.core.agent", "rasa.server", "rasa.model_training", "root", "lotus")


class WordlessFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, where, and the exception's type where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": "rasa",
            "logger": record.name,
            "where": f"{record.module}:{record.lineno}",
        }
        if record.name in PLAIN_LOGGERS and record.levelno < logging.WARNING:
            line["event"] = str(record.msg)[:200]
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line)
