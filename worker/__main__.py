"""The worker: `python -m worker`. Each round is short, and a failure in one part never stops the others."""

import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import quote

import apprise
import structlog
from apprise.attachment.memory import AttachMemory

from clinic.booking.claims import forget_expired
from clinic.booking.outbox import Outgoing, send_due
from clinic.clock import utc_now
from clinic.db import Database
from clinic.faults import fault
from clinic.handoff.fitness import unfit_for_production
from clinic.handoff.oncall import is_anybody_reachable
from clinic.handoff.paging import Pager
from clinic.handoff.protocol import People
from clinic.handoff.spool import Spool, store_spooled
from clinic.handoff.timers import run_timers
from clinic.logs import configure_logging
from clinic.migrate import migrate
from clinic.retention import purge_conversations, purge_tracker
from clinic.rotation import encrypt_rows
from clinic.settings import Settings
from worker.heartbeat import Heartbeat

log = structlog.get_logger("worker")
ROUND_SECONDS = 2.0  # the first alert has to be out within 10 s
SENDERS = 16  # channels that may be sending at the same time
PURGE_EVERY = timedelta(hours=1)
TIDY_EVERY = timedelta(minutes=10)


class Worker:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database = Database(settings.database)
        self._spool = Spool(settings.spool_dir)
        self._executor = ThreadPoolExecutor(SENDERS, thread_name_prefix="send")
        self._pager = Pager(self._database, settings, executor=self._executor, clock=utc_now)
        self._heartbeat = Heartbeat(settings.heartbeat_url)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._sign_of_life = settings.data_dir / "worker.round"  # its age is what a container's probe looks at
        self._purge_at = self._tidy_at = utc_now()
        self._outgoing = {
            "email": settings.email_url.get_secret_value(),
            "sms": settings.sms_url.get_secret_value(),
        }

    def run(self, stop: threading.Event) -> None:
        if not self._is_anybody_reachable():
            log.warning("alerts.no_channel", mend="see `lotus oncall`; until then staff see `lotus escalations`")
        while not stop.is_set():
            fault("worker.round")
            done = [
                self._try("spool", self._store_spooled),
                self._try("timers", self._run_timers),
                self._try("alerts", self._call_staff),
                self._try("calls", self._send_calls),
            ]
            if all(done):
                self._heartbeat.beat(now=utc_now())
            self._sign_of_life.touch()
            self._try("retention", self._purge)
            stop.wait(ROUND_SECONDS)
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._database.close()

    def _try(self, part: str, work: Callable[[], None]) -> bool:
        try:
            work()
            return True
        except Exception as problem:
            log.error("worker.part_failed", part=part, error=type(problem).__name__)
            return False

    def _is_anybody_reachable(self) -> bool:
        with self._database.reading() as session:
            return is_anybody_reachable(session, alert_urls=self._settings.alert_urls)

    def _store_spooled(self) -> None:
        people = People.trying if self._is_anybody_reachable() else People.queued
        if stored := store_spooled(self._database, self._spool, people=people, now=utc_now()):
            log.info("spool.stored", count=stored)

    def _run_timers(self) -> None:
        with self._database.transaction() as session:
            changed = run_timers(session, now=utc_now())
        if changed:
            log.info("handoff.timers", changed=changed)

    def _call_staff(self) -> None:
        self._pager.round()

    def _send_calls(self) -> None:
        """Confirmations and reminders of calls, on the channels that are set up; and holds that are over go."""
        channels = {name for name, url in self._outgoing.items() if url}
        sent = send_due(
            self._database,
            send=self._send_call,
            channels=channels,
            clinic=self._settings.clinic,
            url=self._settings.address,
            now=utc_now(),
        )
        if sent:
            log.info("call_messages.sent", count=sent)
        if utc_now() >= self._tidy_at:
            with self._database.transaction() as session:
                forget_expired(session, now=utc_now())
            if plain := encrypt_rows(self._database, only_plain=True):
                log.info("values.encrypted", count=plain)
            self._tidy_at = utc_now() + TIDY_EVERY

    def _send_call(self, message: Outgoing) -> bool:
        """Through Apprise, to one person: `{to}` in the channel's address is the number or mailbox."""
        channel = apprise.Apprise()
        url = self._outgoing[message.channel].replace("{to}", quote(message.to, safe=""))
        if not channel.add(url):
            return False
        attached = None
        if message.attachment:
            file = AttachMemory(message.attachment, name="call.ics", mimetype="text/calendar")
            attached = apprise.AppriseAttachment(file)
        return bool(channel.notify(title=message.title, body=message.body, attach=attached))

    def _purge(self) -> None:
        if utc_now() < self._purge_at:
            return
        days = self._settings.clinic.retention_days
        with self._database.transaction() as session:
            chats = purge_conversations(session, retention_days=days, now=utc_now())
        events = purge_tracker(self._settings.tracker, retention_days=days, now=utc_now())
        self._purge_at = utc_now() + PURGE_EVERY
        if chats or events:
            log.info("retention.purged", conversations=chats, tracker_events=events)


def main() -> None:
    settings = Settings()
    configure_logging("worker", settings.log_level)
    migrate(settings.database)
    if reasons := unfit_for_production(settings):
        log.critical("worker.refused", reasons=reasons)
        sys.exit(3)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Worker(settings).run(stop)


if __name__ == "__main__":
    main()
