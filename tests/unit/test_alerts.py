"""Alerts go out, are tried again until they do, and carry nothing a visitor said."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from clinic.db import Database
from clinic.handoff.alerts import FIRST_RETRY, LONGEST_RETRY, STALE, Send, deliver_due
from clinic.handoff.crisis_turn import take_crisis_message
from clinic.handoff.protocol import People
from clinic.models import Alert, AlertState
from clinic.settings import ClinicInfo
from tests.unit.chats import NOW, SUICIDE, WORDS, conversation_of, start


@pytest.fixture
def chat(database: Database, clinic_info: ClinicInfo) -> str:
    """A conversation with a crisis message, and so one pending alert."""
    chat, _ = start(database, clinic_info)
    with database.transaction() as session:
        take_crisis_message(
            session,
            conversation=conversation_of(session, chat),
            client_id="one",
            text=WORDS,
            finding=SUICIDE,
            people=People.trying,
            now=NOW,
        )
    return chat


class Channel:
    """Remembers what was sent, and accepts or not."""

    def __init__(self, *, accepts: bool = True) -> None:
        self.accepts = accepts
        self.sent: list[tuple[str, str]] = []

    def __call__(self, title: str, body: str) -> bool:
        self.sent.append((title, body))
        return self.accepts


def alert_of(database: Database) -> Alert:
    with database.reading() as session:
        return session.scalars(select(Alert)).one()


def set_alert(database: Database, **values: object) -> None:
    with database.transaction() as session:
        for name, value in values.items():
            setattr(session.scalars(select(Alert)).one(), name, value)


def broken(_title: str, _body: str) -> bool:
    raise ConnectionError("to +18015550123: visitor said …")


@pytest.mark.usefixtures("chat")
class TestDelivery:
    def test_an_accepted_alert_is_delivered(self, database: Database) -> None:
        assert deliver_due(database, send=Channel(), now=NOW) == 1
        alert = alert_of(database)
        assert (alert.state, alert.attempts, alert.delivered_at, alert.last_error) == ("delivered", 1, NOW, None)

    def test_a_delivered_alert_is_not_sent_again(self, database: Database) -> None:
        channel = Channel()
        deliver_due(database, send=channel, now=NOW)
        assert deliver_due(database, send=channel, now=NOW + timedelta(days=1)) == 0
        assert len(channel.sent) == 1

    def test_it_is_marked_as_sending_while_the_channel_works(self, database: Database) -> None:
        seen: list[str] = []

        def look(_title: str, _body: str) -> bool:
            seen.append(alert_of(database).state)
            return True

        deliver_due(database, send=look, now=NOW)
        assert seen == [AlertState.sending]

    @pytest.mark.parametrize(("send", "error"), [(Channel(accepts=False), "not_accepted"), (broken, "ConnectionError")])
    def test_what_was_not_accepted_stays_pending_with_its_reason(
        self, database: Database, send: Send, error: str
    ) -> None:
        assert deliver_due(database, send=send, now=NOW) == 0
        alert = alert_of(database)
        assert (alert.state, alert.attempts, alert.delivered_at, alert.last_error) == ("pending", 1, None, error)
        assert alert.next_attempt_at == NOW + FIRST_RETRY

    def test_a_failed_one_is_left_alone_until_its_next_time(self, database: Database) -> None:
        deliver_due(database, send=broken, now=NOW)
        channel = Channel()
        deliver_due(database, send=channel, now=NOW + FIRST_RETRY - timedelta(seconds=1))
        assert channel.sent == []

    def test_a_failed_one_goes_out_when_the_channel_is_back(self, database: Database) -> None:
        deliver_due(database, send=broken, now=NOW)
        assert deliver_due(database, send=Channel(), now=NOW + FIRST_RETRY) == 1
        alert = alert_of(database)
        assert (alert.state, alert.attempts, alert.last_error) == ("delivered", 2, None)

    def test_the_pauses_double_up_to_the_longest_and_never_end(self, database: Database) -> None:
        now, pauses = NOW, []
        for _ in range(60):
            deliver_due(database, send=broken, now=now)
            pauses.append(alert_of(database).next_attempt_at - now)
            now = alert_of(database).next_attempt_at
        assert pauses[:4] == [FIRST_RETRY, FIRST_RETRY * 2, FIRST_RETRY * 4, FIRST_RETRY * 8]
        assert set(pauses[5:]) == {LONGEST_RETRY}

    def test_one_that_another_worker_is_sending_is_left_to_it(self, database: Database) -> None:
        set_alert(database, state=AlertState.sending, next_attempt_at=NOW)
        channel = Channel()
        deliver_due(database, send=channel, now=NOW + STALE - timedelta(seconds=1))
        assert channel.sent == []

    def test_one_left_behind_by_a_dead_worker_is_sent(self, database: Database) -> None:
        set_alert(database, state=AlertState.sending, next_attempt_at=NOW)
        assert deliver_due(database, send=Channel(), now=NOW + STALE) == 1

    def test_the_alert_holds_no_words_of_the_visitor_and_no_risk(self, database: Database) -> None:
        channel = Channel()
        deliver_due(database, send=channel, now=NOW)
        ((title, body),) = channel.sent
        said = f"{title} {body}".casefold()
        assert not {word for word in WORDS.casefold().split() if len(word) > 3} & set(said.split())
        assert not [word for word in ("801", "suicid", "self_harm", "overdose") if word in said]
        assert "acute" in title
        assert "2026-11-23T17:30:00Z" in body

    def test_a_failure_s_own_text_is_not_kept(self, database: Database) -> None:
        deliver_due(database, send=broken, now=NOW)
        assert "visitor" not in (alert_of(database).last_error or "")


def test_the_failure_of_one_alert_does_not_hold_back_the_next(database: Database, clinic_info: ClinicInfo) -> None:
    now: datetime = NOW
    for _ in range(2):
        other, _token = start(database, clinic_info)
        with database.transaction() as session:
            take_crisis_message(
                session,
                conversation=conversation_of(session, other),
                client_id="one",
                text=WORDS,
                finding=SUICIDE,
                people=People.trying,
                now=now,
            )
    answers = iter([False, True])
    assert deliver_due(database, send=lambda _title, _body: next(answers), now=now) == 1
    with database.reading() as session:
        assert list(session.scalars(select(Alert.state).order_by(Alert.id))) == ["pending", "delivered"]
