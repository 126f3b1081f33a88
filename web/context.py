"""What the web process holds while it runs."""

from dataclasses import dataclass
from typing import Any

from clinic.chat.conversations import as_json
from clinic.db import Database
from clinic.handoff.spool import Spool
from clinic.models import Message
from clinic.settings import Settings
from web.limits import RateLimits
from web.live import LiveHub
from web.rasa import RasaClient
from web.refusals import Refusals


@dataclass(frozen=True)
class Context:
    settings: Settings
    database: Database
    rasa: RasaClient
    hub: LiveHub
    limits: RateLimits
    spool: Spool
    refusals: Refusals

    def shown(self, message: Message) -> dict[str, Any]:
        return as_json(message)
