"""Staff are called until somebody acknowledges; every attempt is recorded; no alert says anything of the visitor."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from clinic.audit import AuditEntry
from clinic.db import Database
from clinic.handoff.ack_link import read_ack_link
from clinic.handoff.models import AlertAttempt
from clinic.handoff.paging import SPACING, Pager
from clinic.handoff.plan import SLOW, STALE
from clinic.handoff.queue import queue
from clinic.handoff.staff_side import acknowledge, close
from clinic.models import Escalation
from clinic.settings import ClinicInfo, Settings
from tests.unit.chats import NOW, WORDS, finding
from tests.unit.handoffs import AtOnce, Channels, Clock, Later, alerts, crisis, employ, notices, on_call

ONE, TWO, SAM = "json://rosa.example/one", "json://rosa.example/two", "json://sam.example/"
URL = "json://clinic.example/"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def channels() -> Channels:
    return Channels()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, public_url="https://guide.example/", secret_key="k" * 32)


@pytest.fixture
def pager(database: Database, settings: Settings, clock: Clock, channels: Channels) -> Pager:
    return Pager(database, settings, executor=AtOnce(), clock=clock, send=channels)


@pytest.fixture
def rounds(pager: Pager, clock: Clock) -> Callable[..., None]:
    """Rounds of the worker, one every two seconds, for so long."""

    def run(**span: float) -> None:
        until = clock.now + timedelta(**span)
        while clock.now <= until:
            pager.round()
            clock.move(seconds=2)

    return run


def attempts(database: Database) -> list[AlertAttempt]:
    with database.reading() as session:
        return list(session.scalars(select(AlertAttempt).order_by(AlertAttempt.id)))


@pytest.fixture
def case(database: Database, clinic_info: ClinicInfo) -> str:
    on_call(database, "Rosa", ONE, TWO)
    on_call(database, "Sam", SAM)
    return crisis(database, clinic_info)


class TestOneEscalation:
    def test_the_first_person_is_alerted_in_the_first_round(
        self, database: Database, pager: Pager, channels: Channels, case: str
    ) -> None:
        pager.round()
        assert channels.used == [ONE]
        [alert] = alerts(database)
        assert (alert.state, alert.attempts, alert.delivered_at, alert.last_error) == ("delivered", 1, NOW, None)
        [attempt] = attempts(database)
        assert (attempt.outcome, attempt.finished_at, attempt.person_id is not None) == ("delivered", NOW, True)

    def test_the_attempt_is_stored_before_it_is_made(
        self, database: Database, settings: Settings, clock: Clock, case: str
    ) -> None:
        seen: list[tuple[str, str]] = []

        def look(_address: str, _text: object) -> None:
            seen.append((alerts(database)[0].state, attempts(database)[0].outcome))

        Pager(database, settings, executor=AtOnce(), clock=clock, send=look).round()
        assert seen == [("sending", "sending")]

    def test_without_an_acknowledgement_more_and_more_are_called_without_end(
        self, database: Database, channels: Channels, rounds: Callable[..., None], case: str
    ) -> None:
        rounds(minutes=2, seconds=4)
        assert channels.used == [ONE, TWO]
        rounds(minutes=4)
        assert set(channels.used) == {ONE, TWO, SAM}
        before = len(channels.used)
        rounds(minutes=30)
        assert len(channels.used) >= before + 15  # everyone every five minutes

    def test_an_acknowledgement_stops_it_at_once(
        self, database: Database, channels: Channels, rounds: Callable[..., None], case: str
    ) -> None:
        rounds(seconds=2)
        anna = employ(database, "Anna")
        with database.transaction() as session:
            acknowledge(session, escalation_id=case, staff=anna, now=NOW)
        rounds(minutes=29)
        assert channels.used == [ONE]

    def test_an_acknowledgement_stops_also_what_waits_for_its_turn(
        self, database: Database, settings: Settings, clock: Clock, channels: Channels, case: str
    ) -> None:
        waiting = Later()
        Pager(database, settings, executor=waiting, clock=clock, send=channels).round()
        anna = employ(database, "Anna")
        with database.transaction() as session:
            acknowledge(session, escalation_id=case, staff=anna, now=NOW)
        waiting.run()
        assert channels.used == []
        assert (attempts(database)[0].error, alerts(database)[0].state) == ("stopped", "failed")

    def test_a_channel_that_refuses_is_passed_over_in_the_next_round_and_tried_again(
        self, database: Database, channels: Channels, rounds: Callable[..., None], case: str
    ) -> None:
        channels.refusing = {ONE}
        rounds(seconds=2)
        assert channels.used == [ONE, TWO]
        rounds(seconds=10)
        assert channels.used == [ONE, TWO, ONE]
        assert [attempt.error for attempt in attempts(database)] == ["not_accepted", None, "not_accepted"]

    def test_a_dead_worker_s_attempt_is_passed_over_soon_and_made_again_after_a_minute(
        self, database: Database, settings: Settings, clock: Clock, channels: Channels, case: str
    ) -> None:
        Pager(database, settings, executor=Later(), clock=clock, send=channels).round()  # and dies
        other = Pager(database, settings, executor=AtOnce(), clock=clock, send=channels)
        clock.move(seconds=2)
        other.round()
        assert channels.used == []
        clock.move(seconds=SLOW.total_seconds())
        other.round()
        assert channels.used == [TWO]
        clock.now = NOW + STALE + timedelta(seconds=12)
        other.round()
        assert channels.used == [TWO, ONE]
        assert attempts(database)[0].error == "worker_lost"

    def test_a_failure_s_own_text_is_not_kept(
        self, database: Database, settings: Settings, clock: Clock, case: str
    ) -> None:
        def broken(_address: str, _text: object) -> None:
            raise ConnectionError("to +18015550123: visitor said …")

        Pager(database, settings, executor=AtOnce(), clock=clock, send=broken).round()
        assert [attempt.error for attempt in attempts(database)] == ["ConnectionError"]

    def test_who_holds_the_chat_is_called_first(
        self, database: Database, pager: Pager, channels: Channels, case: str
    ) -> None:
        anna = employ(database, "Anna")
        on_call(database, "Anna", "json://anna.example/", staff_id=anna.id, hours="mon 00:00-00:01")
        with database.transaction() as session:
            session.get_one(Escalation, case).owner_id = anna.id
        pager.round()
        assert channels.used == ["json://anna.example/"]

    def test_the_first_delivery_is_audited(self, database: Database, pager: Pager, case: str) -> None:
        pager.round()
        with database.reading() as session:
            tags = session.scalars(select(AuditEntry.tag).where(AuditEntry.tag.startswith("worker:"))).all()
        assert tags == ["worker:alert:delivered"]


class TestWhatIsSaid:
    def test_the_alert_holds_no_words_of_the_visitor_and_no_risk(
        self, pager: Pager, channels: Channels, case: str
    ) -> None:
        pager.round()
        [(_, text)] = channels.sent
        said = f"{text.title} {text.body} {text.html}".casefold()
        assert not {word for word in WORDS.casefold().split() if len(word) > 3} & set(said.split())
        assert not [word for word in ("801", "suicid", "self_harm", "overdose", "ketamine") if word in said]
        assert "acute" in text.title
        assert case[:6] in text.body
        assert "10:30 AM MST" in text.body

    def test_its_link_acknowledges_for_the_person_it_went_to(
        self, database: Database, pager: Pager, channels: Channels, case: str
    ) -> None:
        pager.round()
        link = channels.sent[0][1].body.split()[-1]
        assert link.startswith("https://guide.example/console/ack/")
        with database.reading() as session:
            found = read_ack_link(session, key="k" * 32, token=link.rsplit("/", 1)[1], now=NOW)
        assert (found.escalation_id, found.person_first_name) == (case, "Rosa")

    def test_a_drill_says_that_it_is_one(self, database: Database, pager: Pager, channels: Channels, case: str) -> None:
        with database.transaction() as session:
            session.get_one(Escalation, case).source = "drill"
        pager.round()
        assert channels.sent[0][1].title.startswith("DRILL")

    def test_a_drill_is_never_counted_among_visitors_and_lets_them_go_first(
        self, database: Database, pager: Pager, clock: Clock, channels: Channels, clinic_info: ClinicInfo, case: str
    ) -> None:
        with database.transaction() as session:
            session.get_one(Escalation, case).source = "drill"
        crisis(database, clinic_info)
        pager.round()
        assert [text.title.startswith("DRILL") for _, text in channels.sent] == [False]
        clock.move(seconds=SPACING.seconds)
        pager.round()
        assert [text.title.startswith("DRILL") for _, text in channels.sent] == [False, True]
        assert "/console/ack/" in channels.sent[1][1].body


class TestMany:
    def test_many_at_once_are_one_counted_message(
        self, database: Database, clinic_info: ClinicInfo, pager: Pager, channels: Channels
    ) -> None:
        on_call(database, "Rosa", ONE)
        for severity in ["concern"] * 18 + ["imminent", "acute"]:
            crisis(database, clinic_info, found=finding(severity))
        pager.round()
        [(_, text)] = channels.sent
        assert "20 visitors" in text.title
        assert "imminent" in text.title
        assert {alert.state for alert in alerts(database)} == {"delivered"}
        assert {attempt.counted for attempt in attempts(database)} == {20}

    def test_in_a_flood_a_channel_rests_between_messages_and_each_first_alert_is_out_in_ten_seconds(
        self, database: Database, clinic_info: ClinicInfo, pager: Pager, clock: Clock, channels: Channels
    ) -> None:
        on_call(database, "Rosa", ONE)
        for _ in range(15):
            crisis(database, clinic_info, now=clock.now)
            clock.move(seconds=1)
            crisis(database, clinic_info, now=clock.now)
            clock.move(seconds=1)
            pager.round()
        for _ in range(4):
            clock.move(seconds=2)
            pager.round()
        assert len(channels.sent) <= 40 / SPACING.total_seconds()
        waits = [(alert.delivered_at or clock.now) - alert.created_at for alert in alerts(database)]
        assert len(waits) == 30
        assert max(waits) < timedelta(seconds=10)

    def test_one_failing_for_all_does_not_lose_any(
        self, database: Database, clinic_info: ClinicInfo, pager: Pager, clock: Clock, channels: Channels
    ) -> None:
        on_call(database, "Rosa", ONE)
        channels.refusing = {ONE}
        for _ in range(3):
            crisis(database, clinic_info)
        pager.round()
        channels.refusing = set()
        clock.move(seconds=12)
        pager.round()
        assert [alert.delivered_at is not None for alert in alerts(database)] == [True] * 3


class TestWithoutAList:
    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(data_dir=tmp_path, alert_urls=[URL, SAM])

    def test_the_addresses_of_the_environment_are_all_used_at_once(
        self, database: Database, clinic_info: ClinicInfo, pager: Pager, channels: Channels
    ) -> None:
        crisis(database, clinic_info)
        pager.round()
        assert channels.used == [URL, SAM]
        assert channels.sent[0][1].body.endswith("http://127.0.0.1:8000/console")

    def test_with_a_list_they_come_last(
        self, database: Database, clinic_info: ClinicInfo, channels: Channels, rounds: Callable[..., None]
    ) -> None:
        on_call(database, "Rosa", ONE)
        crisis(database, clinic_info)
        rounds(seconds=60)
        assert channels.used == [ONE]
        rounds(minutes=3)
        assert URL in channels.used

    def test_a_visitor_stays_recorded_while_there_is_nobody_to_call(
        self, database: Database, clinic_info: ClinicInfo, tmp_path: Path, clock: Clock, channels: Channels
    ) -> None:
        crisis(database, clinic_info)
        nobody = Pager(
            database, Settings(data_dir=tmp_path, alert_urls=[]), executor=AtOnce(), clock=clock, send=channels
        )
        nobody.round()
        assert (alerts(database)[0].state, channels.used) == ("pending", [])
        on_call(database, "Rosa", ONE)
        clock.move(minutes=1)
        nobody.round()
        assert channels.used == [ONE]


class TestPolicy:
    @pytest.mark.parametrize(("severity", "waits"), [("concern", True), ("acute", False), ("imminent", False)])
    def test_at_night_only_a_concern_waits_for_the_clinic_to_open_where_the_clinic_says_so(
        self, database: Database, settings: Settings, channels: Channels, clock: Clock, severity: str, waits: bool
    ) -> None:
        paging = settings.clinic.paging
        concern = paging.concern.model_copy(update={"waits_for_opening": True})
        settings.clinic.paging = paging.model_copy(update={"concern": concern})
        pager = Pager(database, settings, executor=AtOnce(), clock=clock, send=channels)
        on_call(database, "Rosa", ONE)
        clock.now = NOW.replace(day=24, hour=4)  # 9 PM on Monday in Denver
        crisis(database, settings.clinic, found=finding(severity), now=clock.now)
        pager.round()
        assert channels.used == ([] if waits else [ONE])
        clock.now = NOW.replace(day=24, hour=15, minute=59)
        pager.round()
        assert (channels.used == []) is waits
        clock.now = NOW.replace(day=24, hour=16)
        pager.round()
        assert ONE in channels.used


class TestTheVisitorReads:
    def test_that_an_alert_was_sent_only_after_a_delivery_and_once(
        self, database: Database, channels: Channels, rounds: Callable[..., None], case: str
    ) -> None:
        channels.refusing = {ONE}
        rounds(seconds=0)
        assert notices(database, case) == []
        rounds(minutes=3)
        assert len(notices(database, case)) == 1
        assert "alert has gone out" in notices(database, case)[0]

    def test_that_nobody_was_reached_when_every_channel_refused(
        self, database: Database, channels: Channels, rounds: Callable[..., None], case: str
    ) -> None:
        channels.refusing = {ONE, TWO, SAM}
        rounds(minutes=20)
        [line] = notices(database, case)
        assert "no alert went through" in line
        assert "988" in line
        with database.reading() as session:
            assert queue(session, now=NOW)[0].alerts_failing

    def test_that_an_alert_was_sent_after_all(
        self, database: Database, channels: Channels, rounds: Callable[..., None], case: str
    ) -> None:
        channels.refusing = {ONE, TWO, SAM}
        rounds(minutes=1)
        channels.refusing = set()
        rounds(minutes=3)
        assert ["no alert" in line for line in notices(database, case)] == [True, False]

    def test_that_nobody_has_answered_after_the_policy_s_minutes_once(
        self, database: Database, rounds: Callable[..., None], case: str
    ) -> None:
        rounds(minutes=9, seconds=50)
        assert len(notices(database, case)) == 1
        rounds(minutes=40)
        assert len(notices(database, case)) == 2
        assert "nobody has answered" in notices(database, case)[1]

    def test_nothing_more_once_it_is_closed(self, database: Database, rounds: Callable[..., None], case: str) -> None:
        anna = employ(database, "Anna")
        with database.transaction() as session:
            close(session, escalation_id=case, staff=anna, reason="duplicate", now=NOW)
        rounds(minutes=20)
        assert notices(database, case) == []
