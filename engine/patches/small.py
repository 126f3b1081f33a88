"""Patches of one line or a few."""

from __future__ import annotations

import functools
import types
from typing import Any

import jsonschema
import rasa.core.actions.forms
import rasa.core.processor
import rasa.utils.io
import sqlalchemy
from rasa.shared.core.events import Event
from sqlalchemy.engine import Engine


def apply() -> None:
    # Each action call checked the (constant) JSON schema of the answer against the schema of schemas.
    jsonschema.Draft202012Validator.check_schema = classmethod(lambda cls, schema, *args, **kwargs: None)
    # It adds a second log handler, which would print what engine.logs leaves out.
    rasa.utils.io.configure_colored_logging = lambda *args, **kwargs: None
    # The tracker store waited for the disk at every commit. In this mode a power cut can take the last commits, the
    # state of a dialogue, but leaves the file whole; the conversation itself is web's, in another database.
    sqlalchemy.event.listen(Engine, "connect", write_ahead)
    # These two copy messages and events in depth for a debug log that nobody reads; they copy nothing else.
    rasa.core.processor.copy = rasa.core.actions.forms.copy = types.SimpleNamespace(deepcopy=_itself)
    # Walked through all classes of events for each event that an action returns or the database holds.
    Event.resolve_by_type = staticmethod(functools.lru_cache(maxsize=None)(Event.resolve_by_type))


def write_ahead(connection: Any, _: object) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")


def _itself(something: Any) -> Any:
    return something
