"""Two `web` processes on one database: a conversation's messages come one after the other, each is answered once."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select, text

import screen
from clinic.chat.models import TurnUnderWay
from clinic.chat.order import begin_turn, lock_conversation
from clinic.chat.reply import Reply
from clinic.db import Database
from clinic.handoff.spool import Spool, Spooled
from clinic.models import Escalation, Message, Role
from clinic.settings import ROOT, ClinicInfo, Settings
from tests.own_loop import in_own_loop
from tests.unit.chats import SUICIDE, start
from web import live, turn_order, turns, unstored
from web.context import Context
from web.incoming import Incoming
from web.limits import RateLimits
from web.live import LiveHub
from web.rasa import RasaClient
from web.refusals import Refusals
from web.turns import Turns


class Rasa:
    """Takes a moment for each message, and notes what it was asked and how many at the same time."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0

    async def ask(self, *, text: str, **_: object) -> list[Reply]:
        self.asked.append(text)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0.2)
        self.at_once -= 1
        return [Reply("answer", f"about {text}")]


class Pair:
    """Two webs with a pool of connections each, one Rasa, one conversation."""

    def __init__(self, url: str, clinic: ClinicInfo, folder: Path) -> None:
        self.databases = [Database(url), Database(url)]
        self.rasa = Rasa()
        self.id, self.token = start(self.databases[0], clinic)
        self._settings, self._folder = Settings(), folder

    def webs(self) -> list[Turns]:
        rasa = cast(RasaClient, self.rasa)
        return [
            Turns(
                Context(
                    self._settings,
                    one,
                    rasa,
                    LiveHub(one),
                    RateLimits(self._settings),
                    Spool(self._folder),
                    Refusals(one),
                )
            )
            for one in self.databases
        ]

    def send(self, *messages: tuple[str, str]) -> list[dict[str, Any]]:
        """Each (client_id, words) to the next web, all at once."""

        async def all_at_once() -> list[dict[str, Any]]:
            webs = self.webs()
            return await asyncio.gather(
                *(
                    webs[number % 2].take(self.id, self.token, Incoming(client_id, words))
                    for number, (client_id, words) in enumerate(messages)
                )
            )

        return in_own_loop(all_at_once())

    def stored(self) -> list[tuple[str, str]]:
        with self.databases[0].reading() as session:
            rows = session.scalars(select(Message).where(Message.turn_of.is_not(None) | (Message.role == Role.visitor)))
            return [(row.role, row.text) for row in sorted(rows, key=lambda row: row.id)]

    def close(self) -> None:
        for one in self.databases:
            one.close()


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about the order; the limits of time have tests of their own."""
    screen.warm_up()
    for limit in ("OPEN_SECONDS", "COMMIT_SECONDS"):
        monkeypatch.setattr(turns, limit, 20.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, unhurried: None, clinic_info: ClinicInfo, tmp_path: Path) -> Iterator[Pair]:
    name = {"sqlite": "database", "postgresql": "postgres"}[request.param]
    migrated: Database = request.getfixturevalue(name)
    made = Pair(migrated.engine.url.render_as_string(hide_password=False), clinic_info, tmp_path / "spool")
    yield made
    made.close()


def test_the_same_message_at_both_is_asked_of_rasa_once_and_answered_once(pair: Pair) -> None:
    first, second = pair.send(("one", "how are you"), ("one", "how are you"))
    assert pair.rasa.asked == ["how are you"]
    assert first == second
    assert pair.stored() == [("visitor", "how are you"), ("assistant", "about how are you")]


def test_two_messages_at_both_are_answered_one_after_the_other(pair: Pair) -> None:
    pair.send(("one", "first"), ("two", "second"), ("three", "third"))
    assert pair.rasa.most_at_once == 1
    assert sorted(pair.rasa.asked) == ["first", "second", "third"]
    stored = pair.stored()
    for said, answered in zip(stored[::2], stored[1::2], strict=True):
        assert answered == ("assistant", f"about {said[1]}")


def leave_a_dead_turn(pair: Pair) -> None:
    """As a process leaves it that was killed while Rasa was thinking."""
    with pair.databases[0].transaction() as session:
        lock_conversation(session, pair.id)
        begin_turn(session, conversation_id=pair.id, holder="dead")


def test_the_turn_of_a_killed_process_is_taken_over(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_order, "LOST_SECONDS", 0.3)
    leave_a_dead_turn(pair)
    pair.send(("one", "still there"))
    assert pair.stored() == [("visitor", "still there"), ("assistant", "about still there")]
    with pair.databases[0].reading() as session:
        assert session.scalars(select(TurnUnderWay)).all() == []


def test_a_turn_that_still_beats_is_not_taken_over(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_order, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(turn_order, "LOST_SECONDS", 0.15)  # less than Rasa takes
    pair.send(("one", "first"), ("two", "second"))
    assert pair.rasa.most_at_once == 1


def test_a_crisis_waits_for_no_turn(pair: Pair) -> None:
    leave_a_dead_turn(pair)
    [answer] = pair.send(("one", "i want to die"))
    assert answer["messages"][1]["kind"] == "crisis"
    assert answer["messages"][1]["id"]


def test_a_smaller_id_that_is_committed_later_still_wakes_its_page(postgres: Database, clinic_info: ClinicInfo) -> None:
    slow, quick = start(postgres, clinic_info)[0], start(postgres, clinic_info)[0]
    hub = LiveHub(postgres)
    insert = text(
        "INSERT INTO messages (conversation_id, role, text, buttons, sources, created_at)"
        " VALUES (:chat, 'notice', 'x', '[]', '[]', now())"
    )
    assert hub._changed() == set()
    with postgres.engine.connect() as late:
        late.execute(insert, {"chat": slow})  # has its id, is not committed
        with postgres.engine.begin() as early:
            early.execute(insert, {"chat": quick})
        assert hub._changed() == {quick}
        late.commit()
    assert hub._changed() == {slow}
    assert hub._changed() == set()
    assert live.LOOK_BACK_SECONDS >= 2 * live.POLL_SECONDS


def test_web_stores_what_has_lain_in_its_spool(
    database: Database, clinic_info: ClinicInfo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, token = start(database, clinic_info)
    spool, settings = Spool(tmp_path), Settings()
    spool.put(Spooled(chat, token, "one", "words", SUICIDE, received_at="2026-11-23T17:30:00Z"))
    hub, limits, refusals = LiveHub(database), RateLimits(settings), Refusals(database)
    context = Context(settings, database, cast(RasaClient, Rasa()), hub, limits, spool, refusals)
    unstored._store_old(context)
    assert len(list(spool.entries())) == 1  # a worker on the same machine is given the time
    monkeypatch.setattr(unstored, "LEFT", -unstored.LEFT)
    unstored._store_old(context)
    assert list(spool.entries()) == []
    with database.reading() as session:
        assert session.scalar(select(Escalation.conversation_id)) == chat


def test_several_processes_migrate_an_empty_database_at_once(postgres_url: str, tmp_path: Path) -> None:
    plain = postgres_url.replace("postgresql+psycopg://", "postgresql://")  # either form will do
    command = [sys.executable, "-c", f"from clinic.migrate import migrate; migrate({plain!r})"]
    ended: list[int] = []

    def one() -> None:
        ended.append(subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode)

    together = [threading.Thread(target=one) for _ in range(2)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert ended == [0, 0]
