"""Rasa's trackers in SQLite or PostgreSQL, with those of running conversations kept in memory.

Rasa's own SQL store opens the database anew for each turn, reads every event of the session back, and replays it twice.
Here one connection stays open, a turn adds its events in one commit, and the tracker that was saved is handed out again
as long as the database says that nobody else has written to it. The table is Rasa's own, so its store can take over.
Reasons and figures: docs/decisions/0006-sqlite-tracker.md.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from typing import Any, NamedTuple, Optional, Text

import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore, create_engine_kwargs
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event, SessionStarted
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT_NAME_KEY
from sqlalchemy.pool import StaticPool

KEPT = 500  # about 60 KB each
# PostgreSQL: connections that a restarted server has dropped are noticed before a turn uses them (pool_pre_ping), and a
# server that is gone within seconds. A turn whose tracker cannot be read runs on an empty one.
PATIENCE = {"connect_timeout": 3, "tcp_user_timeout": 5000, "keepalives_idle": 5, "keepalives_interval": 2}
KEPT_SECONDS = 3600.0  # domain.yml ends a session after an hour of silence; what is deleted shall not live on here


class _Stored(NamedTuple):
    """What the database holds of a tracker: how many of its events, the newest one's id, and when it was written."""

    events: int
    last_id: Optional[int]
    at: float = 0.0


class RememberingTrackerStore(SQLTrackerStore):
    """`url` in endpoints.yml is an SQLAlchemy URL: sqlite:////path or postgresql://…"""

    def __init__(self, domain: Optional[Domain] = None, host: Optional[Text] = None, **kwargs: Any) -> None:
        # The app's driver (psycopg 3) is not in this environment.
        url = host.replace("postgresql+psycopg://", "postgresql://") if host else None
        self._trackers: OrderedDict[Text, DialogueStateTracker] = OrderedDict()
        super().__init__(domain=domain, host=url, **kwargs)
        if self.engine.dialect.name == "sqlite":
            # Closing the last connection copies the whole journal back and deletes it: 5 ms a turn.
            self.engine = sa.create_engine(
                self.engine.url, poolclass=StaticPool, connect_args={"check_same_thread": False}
            )
        else:
            options = create_engine_kwargs(self.engine.url)
            options["connect_args"] = {**options.get("connect_args", {}), **PATIENCE}
            self.engine.dispose()
            self.engine = sa.create_engine(self.engine.url, pool_pre_ping=True, **options)
        self.sessionmaker = sa.orm.session.sessionmaker(bind=self.engine)
        mark = "?" if self.engine.dialect.paramstyle == "qmark" else "%s"
        self._newest = f"SELECT max(id) FROM events WHERE sender_id = {mark}"  # noqa: S608 no value in it
        self._insert = (
            "INSERT INTO events (sender_id, type_name, timestamp, intent_name, action_name, data) "  # noqa: S608
            f"VALUES ({', '.join([mark] * 6)})"
        )

    @property
    def domain(self) -> Domain:
        return self._domain

    @domain.setter
    def domain(self, domain: Optional[Domain]) -> None:
        self._domain = domain or Domain.empty()
        self._trackers.clear()  # they have the slots of before

    async def retrieve(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """The tracker of the latest session.

        A remembered one leaves the memory until it is saved: if the turn fails, what it did to the tracker is
        forgotten, and the next one reads the database.
        """
        remembered = self._trackers.pop(sender_id, None)
        last_id = self._last_id(sender_id)
        if last_id is None:
            return None
        if remembered is not None and self._is_current(remembered, last_id):
            return _latest_session(remembered)
        tracker = await super().retrieve(sender_id)
        if tracker is not None:
            tracker.stored = _Stored(len(tracker.events), last_id)
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Adds the events that the database does not have yet, in one commit."""
        self._trackers.pop(tracker.sender_id, None)
        stored: Optional[_Stored] = getattr(tracker, "stored", None)
        if stored is None:
            stored = _Stored(self._number_of_events(tracker.sender_id), None)  # a conversation that just began
        new = list(tracker.events)[stored.events :]
        if not new:
            return
        if self.event_broker is not None:
            await self._stream_new_events(self.event_broker, new, tracker.sender_id)
        with self.engine.begin() as connection:
            connection.exec_driver_sql(self._insert, [_row(tracker.sender_id, event) for event in new])
            last_id = connection.exec_driver_sql(self._newest, (tracker.sender_id,)).scalar()
        tracker.stored = _Stored(len(tracker.events), last_id, time.monotonic())
        self._trackers[tracker.sender_id] = tracker
        self._forget()

    def _is_current(self, tracker: DialogueStateTracker, last_id: int) -> bool:
        stored: _Stored = tracker.stored
        return (
            stored.last_id == last_id  # another process has not taken the conversation further
            and stored.events == len(tracker.events)  # nothing happened to it after it was saved
            and time.monotonic() - stored.at < KEPT_SECONDS
        )

    def _forget(self) -> None:
        """Drops the trackers that were saved longest ago."""
        oldest_kept = time.monotonic() - KEPT_SECONDS
        while len(self._trackers) > KEPT or next(iter(self._trackers.values())).stored.at < oldest_kept:
            self._trackers.popitem(last=False)

    def _last_id(self, sender_id: Text) -> Optional[int]:
        with self.engine.connect() as connection:
            return connection.exec_driver_sql(self._newest, (sender_id,)).scalar()

    def _number_of_events(self, sender_id: Text) -> int:
        """As Rasa counts them: those of the latest session."""
        if self._last_id(sender_id) is None:
            return 0
        with self.session_scope() as session:
            return self._event_query(session, sender_id, fetch_events_from_all_sessions=False).count()


def _latest_session(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """Without the events of before the last session start, as if read from the database."""
    starts = [number for number, event in enumerate(tracker.events) if isinstance(event, SessionStarted)]
    for _ in range(starts[-1] if starts else 0):
        tracker.events.popleft()
    tracker.stored = tracker.stored._replace(events=len(tracker.events))
    return tracker


def _row(sender_id: Text, event: Event) -> tuple:
    data = event.as_dict()
    intent = data.get("parse_data", {}).get("intent", {}).get(INTENT_NAME_KEY)
    return (sender_id, event.type_name, data.get("timestamp"), intent, data.get("name"), json.dumps(data))
