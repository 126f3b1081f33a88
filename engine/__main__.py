"""Rasa's own command line, after four run-time patches: `python -m engine run|train …`.

Nothing that is installed is changed; docs/decisions/0002-engine-patches.md gives the reason and figure of each.
"""

import os

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import jsonschema
import rasa.__main__
import rasa.utils.endpoints
import rasa.utils.io
import sqlalchemy
from sqlalchemy.engine import Engine

ACTION_TIMEOUT_SECONDS = 5  # web waits 6 for the whole turn; Rasa's own limit is 300


def patch() -> None:
    # Each action call checked the (constant) JSON schema of the answer against the schema of schemas.
    jsonschema.Draft202012Validator.check_schema = classmethod(lambda cls, schema, *args, **kwargs: None)
    # A hanging action must not hold a conversation's lock for five minutes.
    rasa.utils.endpoints.DEFAULT_REQUEST_TIMEOUT = ACTION_TIMEOUT_SECONDS
    # It adds a second log handler, which would print what engine.logs leaves out.
    rasa.utils.io.configure_colored_logging = lambda *args, **kwargs: None
    # The tracker store waited for the disk at every commit. In this mode a power cut can take the last commits, the
    # state of a dialogue, but leaves the file whole; the conversation itself is web's, in another database.
    sqlalchemy.event.listen(Engine, "connect", write_ahead)
    if os.environ.get("LOTUS_FAULT_POINT"):
        from engine import faults

        faults.install()


def write_ahead(connection: object, _: object) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")


if __name__ == "__main__":
    patch()
    rasa.__main__.main()
