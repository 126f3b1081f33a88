"""One slot goes to one person: on SQLite and a real PostgreSQL, in parallel, with holds running out, with kill -9."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import func, select

from clinic import crypto
from clinic.audit import AuditEntry
from clinic.booking import claims
from clinic.booking.book import Caller, move_call
from clinic.booking.calendar import read_calendar
from clinic.booking.models import SlotClaim
from clinic.db import Database
from clinic.migrate import migrate
from clinic.models import Appointment
from clinic.settings import ROOT, ClinicInfo
from tests.unit.calls import VISITOR, book, slot
from tests.unit.chats import NOW, start

MANY = 100


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'slots.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
def shared(url: str) -> Iterator[Database]:
    migrate(url)
    # The action server has a few threads for the database, so 100 never wait at its lock at once as they do here.
    opened = Database(url, busy_timeout_ms=60_000)
    yield opened
    opened.close()


def caller(number: int) -> Caller:
    return Caller(first_name=f"Caller{number}", phone=f"+1801555{number:04}")


def together(count: int, work) -> list[str]:
    """Run work(number) in as many threads, all let go at once; the name of what each raised, or its result."""
    barrier = Barrier(count)

    def one(number: int) -> str:
        barrier.wait()
        try:
            return work(number)
        except claims.SlotTaken:
            return "taken"

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def count(database: Database, model) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_of_100_attempts_at_once_one_books_and_99_hear_that_it_is_taken(
    shared: Database, clinic_info: ClinicInfo
) -> None:
    chats = [start(shared, clinic_info)[0] for _ in range(MANY)]
    at = slot(clinic_info)
    results = together(MANY, lambda n: book(shared, clinic_info, chats[n], at, caller=caller(n)).what)
    assert Counter(results) == {"new": 1, "taken": MANY - 1}
    with shared.reading() as session:
        [appointment] = session.scalars(select(Appointment)).all()
        [claim] = session.scalars(select(SlotClaim)).all()
        assert (claim.appointment_id, claim.held_until) == (appointment.id, None)
        assert appointment.first_name == f"Caller{results.index('new')}"
        tags = session.scalars(select(AuditEntry.tag)).all()
        assert sorted(tags) == ["chat:appointment:confirmed", "chat:appointment:requested"]


def test_of_100_holds_at_once_one_is_given(shared: Database, clinic_info: ClinicInfo) -> None:
    def hold(number: int) -> str:
        with shared.transaction() as session:
            claims.hold(session, slot(clinic_info), holder=f"chat-{number}", clinic=clinic_info, now=NOW)
        return "held"

    assert Counter(together(MANY, hold)) == {"held": 1, "taken": MANY - 1}
    assert count(shared, SlotClaim) == 1


def test_when_a_hold_runs_out_100_want_it_and_one_gets_it(shared: Database, clinic_info: ClinicInfo) -> None:
    at = slot(clinic_info)
    with shared.transaction() as session:
        until = claims.hold(session, at, holder="gone", clinic=clinic_info, now=NOW)
    chats = [start(shared, clinic_info)[0] for _ in range(MANY)]
    # Half of them look a second too early: the hold still stands for them, whoever comes first.
    moments = [until - timedelta(seconds=1) if n % 2 else until for n in range(MANY)]
    results = together(MANY, lambda n: book(shared, clinic_info, chats[n], at, caller=caller(n), now=moments[n]).what)
    assert Counter(results) == {"new": 1, "taken": MANY - 1}
    assert results.index("new") % 2 == 0
    assert (count(shared, Appointment), count(shared, SlotClaim)) == (1, 1)


def test_two_who_swap_at_once_end_with_one_slot_each(shared: Database, clinic_info: ClinicInfo) -> None:
    slots = [slot(clinic_info, 9), slot(clinic_info, 10)]
    made = [
        book(shared, clinic_info, start(shared, clinic_info)[0], slots[n], caller=caller(n)).appointment.id
        for n in range(2)
    ]

    def move(number: int) -> str:
        with shared.transaction() as session:
            call = session.get_one(Appointment, made[number])
            move_call(session, call, slots[1 - number], clinic=clinic_info, by=VISITOR, now=NOW)
        return "moved"

    assert together(2, move) == ["taken", "taken"]
    with shared.reading() as session:
        assert [session.get_one(Appointment, one).starts_at for one in made] == [one.starts_at for one in slots]
    assert count(shared, SlotClaim) == 2


def test_100_who_move_to_one_slot_keep_their_own_but_for_one(shared: Database, clinic_info: ClinicInfo) -> None:
    hours = [(hour, minute, f"aprn-{n}") for hour in range(9, 16) for minute in (0, 30) for n in (1, 2)]
    made = [
        book(
            shared, clinic_info, start(shared, clinic_info)[0], slot(clinic_info, h, m, provider=p), caller=caller(n)
        ).appointment.id
        for n, (h, m, p) in enumerate(hours)
    ]
    wanted = slot(clinic_info, 16)

    def move(number: int) -> str:
        with shared.transaction() as session:
            call = session.get_one(Appointment, made[number])
            move_call(session, call, wanted, clinic=clinic_info, by=VISITOR, now=NOW)
        return "moved"

    assert Counter(together(len(made), move)) == {"moved": 1, "taken": len(made) - 1}
    assert count(shared, SlotClaim) == len(made)
    with shared.reading() as session:
        pairs = session.execute(
            select(Appointment.starts_at, SlotClaim.starts_at).join(
                SlotClaim, SlotClaim.appointment_id == Appointment.id
            )
        ).all()
    assert all(mine == claimed for mine, claimed in pairs)


CRASH = """
import os, signal, sys
from clinic import crypto
from clinic.booking import book, claims, outbox
from clinic.db import Database
from clinic.settings import Settings
from tests.unit.calls import ANNA, slot
from tests.unit import calls
crypto.use(crypto.Keyring([sys.argv[1]]))
url, stage, chat = sys.argv[2:]
clinic = Settings().clinic
die = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
if stage == "before claim":
    claims.take = die
elif stage == "after claim":
    outbox.plan = die
calls.book(Database(url), clinic, chat, slot(clinic))
if stage == "after commit":
    die()
"""


@pytest.mark.parametrize(
    ("stage", "left"), [("before claim", (0, 1)), ("after claim", (0, 1)), ("after commit", (1, 1))]
)
def test_killed_at_any_step_a_booking_is_whole_or_not_there(
    shared: Database, url: str, clinic_info: ClinicInfo, stage: str, left: tuple[int, int]
) -> None:
    chat, _ = start(shared, clinic_info)
    other, _ = start(shared, clinic_info)
    at = slot(clinic_info)
    with shared.transaction() as session:
        until = claims.hold(session, at, holder=chat, clinic=clinic_info, now=NOW)
    killed = subprocess.run(
        [sys.executable, "-c", CRASH, crypto.keyring().keys[0], url, stage, chat], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert (count(shared, Appointment), count(shared, SlotClaim)) == left
    # Whoever comes next gets it once the hold of the dead is over, and never beside a booking.
    again = together(
        5, lambda n: book(shared, clinic_info, other, at, caller=caller(n), now=until + timedelta(seconds=1)).what
    )
    booked = Counter(again)
    assert booked["new"] + left[0] == 1
    assert count(shared, SlotClaim) == 1


def test_a_hold_is_gone_from_the_offer_until_it_is_over(shared: Database, clinic_info: ClinicInfo) -> None:
    at, other = slot(clinic_info), slot(clinic_info, provider="aprn-2")
    with shared.transaction() as session:
        until = claims.hold(session, at, holder="mine", clinic=clinic_info, now=NOW)
        claims.hold(session, other, holder="theirs", clinic=clinic_info, now=NOW)

    def is_offered(now: datetime, holder: str) -> bool:
        with shared.reading() as session:
            calendar = read_calendar(session, clinic=clinic_info, now=now, holder=holder)
            return at.starts_at in [one.starts_at for one in calendar.free(calendar.everything())]

    assert is_offered(NOW, "mine")
    assert not is_offered(NOW, "somebody")
    assert is_offered(until + timedelta(seconds=1), "somebody")
