"""Calling staff: a round takes the alerts that are due, plans whom to tell, and sends one message for each channel.

Every attempt is stored before it is sent and completed after it; the plan reads those rows, so what a dead worker left
under way is passed over after some seconds and sent again after a minute. Taking, planning and storing are one
transaction: of two workers only one has each alert.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from clinic.audit import record
from clinic.db import Database
from clinic.faults import fault
from clinic.handoff.ack_link import sign_ack_link
from clinic.handoff.alarm import Cause
from clinic.handoff.alert_text import Called, alert_text
from clinic.handoff.channels import NotSent, Text, send
from clinic.handoff.drill import SOURCE as DRILL
from clinic.handoff.models import AlertAttempt, AttemptOutcome, OncallPerson
from clinic.handoff.notices import say
from clinic.handoff.oncall import Roster, roster
from clinic.handoff.plan import SLOW, STALE, Plan, Tried, make_plan
from clinic.handoff.protocol import Notice
from clinic.handoff.queue import reference_of
from clinic.models import Alert, AlertState, Escalation, EscalationState
from clinic.opening import next_opening
from clinic.settings import Settings

log = structlog.get_logger(__name__)
# A channel is used at most so often: what comes meanwhile is counted into the next message, which is out within 10 s.
SPACING = timedelta(seconds=5)
STOPPED = "stopped"  # why an attempt was not made: all its alerts were acknowledged meanwhile
COMPLETE_AGAIN_AFTER = (0.5, 1.0, 2.0)  # seconds
AT_ONCE = 500  # alerts in one round; the next round comes in two seconds
CALLS_OF_A_VISITOR = frozenset({Cause.opened, Cause.raised, Cause.repeated, Cause.lapsed, Cause.handed_back})

Send = Callable[[str, Text], None]
"""A channel's address and the text; raises NotSent."""


@dataclass(frozen=True)
class Message:
    """One message through one channel, and the attempts it stands for."""

    channel_id: str
    address: str
    text: Text
    attempts: tuple[int, ...]
    alerts: tuple[int, ...]


class Pager:
    """One per worker process. `sending` is done in the executor; a channel has at most one message under way."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        executor: Executor,
        clock: Callable[[], datetime],
        send: Send = send,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._database, self._settings = database, settings
        self._executor, self._clock, self._send = executor, clock, send
        self._pause = pause
        self._busy: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def round(self) -> int:
        """Take what is due and hand it to the channels; returns how many messages. Does not wait for the channels."""
        now = self._clock()
        with self._lock:
            busy = dict(self._busy)
        with self._database.transaction() as session:
            messages = self._prepare(session, busy=busy, now=now)
        fault("worker.claimed")
        for message in messages:
            with self._lock:
                self._busy[message.channel_id] = now
            self._executor.submit(self._deliver, message)
        return len(messages)

    def _prepare(self, session: Session, *, busy: dict[str, datetime], now: datetime) -> list[Message]:
        alerts = _take(session, now=now)
        if not alerts:
            return []
        people = roster(session, clinic=self._settings.clinic, alert_urls=self._settings.alert_urls, now=now)
        resting = _resting(session, people, now=now)
        wanted: dict[str, list[tuple[Alert, Escalation]]] = {}
        called = [(alert, session.get_one(Escalation, alert.escalation_id)) for alert in alerts]
        for alert, escalation in sorted(called, key=lambda pair: _is_drill(pair[1])):
            begins_at = self._begins_at(alert, escalation)
            if begins_at > now:
                alert.next_attempt_at = begins_at
                continue
            plan = self._plan(session, alert, escalation, people, begins_at=begins_at, busy=busy, now=now)
            says_so_at = begins_at + self._settings.clinic.paging.of(escalation.severity).unreached_after
            self._tell_visitor(session, alert, escalation, plan, is_late=now >= says_so_at, now=now)
            looks_again = [plan.next_at, *(resting[channel] for channel in plan.send if channel in resting)]
            if says_so_at > now:
                looks_again.append(says_so_at)
            for channel in plan.send:
                if _is_drill(escalation) and any(not _is_drill(other) for _, other in wanted.get(channel, ())):
                    looks_again.append(now + SPACING)  # a drill is never counted among visitors; they come first
                elif channel not in resting:
                    wanted.setdefault(channel, []).append((alert, escalation))
                    alert.state = AlertState.sending
                    looks_again.append(now + SLOW)
            alert.next_attempt_at = min(looks_again)
        return [self._message(session, people, channel, found, now) for channel, found in wanted.items()]

    def _begins_at(self, alert: Alert, escalation: Escalation) -> datetime:
        """When the calling begins: at once, or when the clinic opens, where the policy lets this severity wait."""
        policy, clinic = self._settings.clinic.paging.of(escalation.severity), self._settings.clinic
        opens = next_opening(clinic, alert.created_at) if policy.waits_for_opening else None
        return opens or alert.created_at

    def _plan(
        self,
        session: Session,
        alert: Alert,
        escalation: Escalation,
        people: Roster,
        *,
        begins_at: datetime,
        busy: dict[str, datetime],
        now: datetime,
    ) -> Plan:
        rows = session.scalars(
            select(AlertAttempt).where(AlertAttempt.alert_id == alert.id).order_by(AlertAttempt.id)
        ).all()
        for row in rows:
            if row.outcome == AttemptOutcome.sending and row.started_at <= now - STALE:
                row.outcome, row.error, row.finished_at = AttemptOutcome.failed, "worker_lost", row.started_at + STALE
        return make_plan(
            people.contacts,
            [Tried(row.channel_id, row.outcome, row.started_at, row.finished_at) for row in rows],
            policy=self._settings.clinic.paging.of(escalation.severity),
            started_at=begins_at,
            now=now,
            language=escalation.language,
            first=_owner_on_call(session, escalation),
            busy=busy,
        )

    def _tell_visitor(
        self, session: Session, alert: Alert, escalation: Escalation, plan: Plan, *, is_late: bool, now: datetime
    ) -> None:
        """That nobody could be reached, once it is so. Not a visitor who has gone and is followed up."""
        if alert.cause == Cause.follow_up:
            return
        if plan.exhausted or (is_late and not plan.reached and alert.attempts):
            say(session, Notice.not_delivered, escalation=escalation, now=now)
            log.error("alert.nobody_reached", escalation=escalation.id)
        elif is_late and plan.reached:
            say(session, Notice.nobody_answered, escalation=escalation, now=now)

    def _message(
        self,
        session: Session,
        people: Roster,
        channel: str,
        found: Sequence[tuple[Alert, Escalation]],
        now: datetime,
    ) -> Message:
        """The message, its attempts stored as `sending`."""
        person_id = people.person_of(channel)
        rows = [
            AlertAttempt(
                alert_id=alert.id,
                channel_id=channel,
                person_id=person_id,
                outcome=AttemptOutcome.sending,
                counted=len(found),
                started_at=now,
            )
            for alert, _ in found
        ]
        session.add_all(rows)
        session.flush()
        called = [
            Called(
                reference_of(escalation),
                escalation.severity,
                escalation.language,
                escalation.opened_at,
                is_drill=_is_drill(escalation),
            )
            for _, escalation in found
        ]
        link = f"{self._settings.address}/console"
        if len(found) == 1 and person_id:
            token = sign_ack_link(key=self._settings.secret, escalation_id=found[0][1].id, person_id=person_id, now=now)
            link = f"{link}/ack/{token}"
        text = alert_text(called, link=link, clinic=self._settings.clinic)
        attempts, alerts = tuple(row.id for row in rows), tuple(alert.id for alert, _ in found)
        return Message(channel, people.addresses[channel], text, attempts, alerts)

    def _deliver(self, message: Message) -> None:
        """In a thread of the executor."""
        try:
            fault("worker.before_send")
            try:
                error = None if self._is_wanted(message) else STOPPED
                if error is None:
                    self._send(message.address, message.text)
            except NotSent as problem:
                error = problem.kind
            except Exception as problem:  # whatever a channel does, the attempt is completed
                error = type(problem).__name__
            fault("worker.after_send")
            self._complete(message, error)
            fault("worker.completed")
        except Exception as problem:  # the database: the attempt stays `sending` and is taken up after a minute
            log.error("alert.not_completed", channel=message.channel_id, error=type(problem).__name__)
        finally:
            with self._lock:
                self._busy.pop(message.channel_id, None)

    def _is_wanted(self, message: Message) -> bool:
        """Whether anybody still has to be told: an acknowledgement may have come while this one waited for its turn."""
        with self._database.reading() as session:
            query = select(Alert.id).where(Alert.id.in_(message.alerts), Alert.stopped_at.is_(None)).limit(1)
            return session.scalar(query) is not None

    def _complete(self, message: Message, error: str | None) -> None:
        """Tried again where another writer holds the database: a lost outcome would be sent a second time."""
        for seconds in (*COMPLETE_AGAIN_AFTER, None):
            try:
                self._store_outcome(message, error)
                break
            except OperationalError:
                if seconds is None:
                    raise
                self._pause(seconds)
        if error == STOPPED:
            log.info("alert.not_needed", channel=message.channel_id, alerts=list(message.alerts))
        elif error:
            log.error("alert.not_delivered", channel=message.channel_id, alerts=list(message.alerts), error=error)
        else:
            log.info("alert.delivered", channel=message.channel_id, alerts=list(message.alerts))

    def _store_outcome(self, message: Message, error: str | None) -> None:
        now = self._clock()
        with self._database.transaction() as session:
            outcome = AttemptOutcome.failed if error else AttemptOutcome.delivered
            session.execute(
                update(AlertAttempt)
                .where(AlertAttempt.id.in_(message.attempts))
                .values(outcome=outcome, finished_at=now, error=error)
            )
            for alert_id in sorted(message.alerts):
                alert = session.get(Alert, alert_id, with_for_update=True)
                if alert is not None:  # purged meanwhile
                    _note(session, alert, error=error, now=now)


def _take(session: Session, *, now: datetime) -> Sequence[Alert]:
    """What is due, locked and out of the others' reach: one statement, whose condition is read again after a wait."""
    is_due = (Alert.stopped_at.is_(None), Alert.next_attempt_at <= now)
    due = select(Alert.id).where(*is_due).order_by(Alert.next_attempt_at).limit(AT_ONCE)
    taken = session.scalars(
        update(Alert)
        .where(Alert.id.in_(due.scalar_subquery()), *is_due)
        .values(next_attempt_at=now + SLOW)
        .returning(Alert.id)
        .execution_options(synchronize_session=False)
    ).all()
    return session.scalars(select(Alert).where(Alert.id.in_(taken)).order_by(Alert.id)).all()


def _resting(session: Session, people: Roster, *, now: datetime) -> dict[str, datetime]:
    """Channels that were used a moment ago, and from when on they may be used again."""
    last = session.execute(
        select(AlertAttempt.channel_id, func.max(AlertAttempt.started_at))
        .where(AlertAttempt.started_at > now - SPACING, AlertAttempt.channel_id.in_(people.addresses))
        .group_by(AlertAttempt.channel_id)
    )
    return {channel: at + SPACING for channel, at in last}


def _note(session: Session, alert: Alert, *, error: str | None, now: datetime) -> None:
    """The outcome of one attempt, and that the alert is to be looked at again."""
    if error == STOPPED:
        return
    alert.attempts += 1
    is_first = error is None and alert.delivered_at is None
    alert.last_error = error
    if error is None:
        alert.delivered_at = alert.delivered_at or now
    if is_first:
        record(session, "worker:alert:delivered", actor="worker", subject_id=str(alert.id), now=now)
        escalation = session.get_one(Escalation, alert.escalation_id)
        is_wanted = alert.stopped_at is None and escalation.state == EscalationState.open
        if is_wanted and alert.cause in CALLS_OF_A_VISITOR:
            say(session, Notice.sent, escalation=escalation, now=now)
    under_way = session.scalar(
        select(func.count())
        .select_from(AlertAttempt)
        .where(AlertAttempt.alert_id == alert.id, AlertAttempt.outcome == AttemptOutcome.sending)
    )
    if alert.stopped_at is not None:
        alert.state = AlertState.delivered if alert.delivered_at else AlertState.failed
    elif not under_way:
        alert.state = AlertState.delivered if alert.delivered_at else AlertState.pending
        alert.next_attempt_at = now
    elif error:
        alert.next_attempt_at = now


def _is_drill(escalation: Escalation) -> bool:
    return escalation.source == DRILL


def _owner_on_call(session: Session, escalation: Escalation) -> str | None:
    if escalation.owner_id is None:
        return None
    return session.scalar(select(OncallPerson.id).where(OncallPerson.staff_id == escalation.owner_id).limit(1))
