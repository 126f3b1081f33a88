"""What all actions share: settings and database, made once when the server starts."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from clinic.chat.reply import Reply
from clinic.db import Database
from clinic.handoff.aftermath import Aftermath
from clinic.settings import ClinicInfo, Settings


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    database: Database

    @property
    def clinic(self) -> ClinicInfo:
        return self.settings.clinic

    async def transaction[T](self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction in a thread, so that no visitor waits for another's database call."""

        def run() -> T:
            with self.database.transaction() as session:
                return work(session)

        return await asyncio.to_thread(run)


_runtime: Runtime | None = None


def start(settings: Settings) -> Runtime:
    """Called once by the server, before the first action runs."""
    global _runtime
    _runtime = Runtime(settings, Database(settings.database))
    return _runtime


def runtime() -> Runtime:
    if _runtime is None:
        raise RuntimeError("actions.runtime.start() has not been called; run `python -m actions`")
    return _runtime


def utter(dispatcher: CollectingDispatcher, reply: Reply) -> None:
    dispatcher.utter_message(json_message=reply.as_json())


def metadata(tracker: Tracker) -> dict[str, Any]:
    """What `web` sent along: conversation_id, message_id, language, is_minor, aftermath."""
    return tracker.latest_message.get("metadata") or {}


def aftermath(tracker: Tracker) -> Aftermath:
    """What an earlier flag means for this turn."""
    return Aftermath(**metadata(tracker).get("aftermath", {}))


def language(tracker: Tracker) -> str:
    """The language of this message, en or es."""
    return metadata(tracker).get("language", "en")


def conversation_id(tracker: Tracker) -> str:
    """The conversation of this tracker; its sender is `<conversation>:<epoch>`."""
    return tracker.sender_id.rsplit(":", 1)[0]
