"""The conversations of booking_stories.yml over HTTP end in the right state, and what is stored is what was shown."""

import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from cli.scratch import Scratch
from clinic.booking.calendar import read_calendar
from clinic.booking.models import SlotClaim, SmsConsent
from clinic.booking.words import clock, moment_in_words
from clinic.clock import utc_now
from clinic.db import Database
from clinic.models import Appointment, Escalation
from clinic.settings import ROOT, ClinicInfo
from tests.visitor import Message, Visitor

STORY_FILE = ROOT / "tests" / "conversations" / "booking_stories.yml"
STORIES = yaml.load(STORY_FILE.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
MOMENT = re.compile(r"\w+, \w+ \d+ at \d+:\d\d [AP]M \([^)]+\)")
TIME_BUTTON = re.compile(r"\w{3}, \w{3} \d+, \d+:\d\d [AP]M")


@pytest.fixture
def stored(service: Scratch) -> Iterator[Database]:
    """The running service's database."""
    opened = Database(f"sqlite:///{service.folder / 'lotus.db'}")
    yield opened
    opened.close()


def free_times(stored: Database, clinic: ClinicInfo, story: int) -> dict[str, str]:
    """Words for two times that are free now: "thursday at 10:30", so near that a weekday is enough."""
    now = utc_now()
    with stored.reading() as session:
        calendar = read_calendar(session, clinic=clinic, now=now)
        slots = calendar.free(calendar.everything())
    today = now.astimezone(clinic.zone).date()
    near = [one for one in slots if 1 <= (one.starts_at.astimezone(clinic.zone).date() - today).days <= 6]
    chosen = [near[(story * 7 + step) % len(near)] for step in (0, len(near) // 2)]
    local = [one.starts_at.astimezone(clinic.zone) for one in chosen]
    words: dict[str, str] = {}
    for name, one in zip(("slot", "slot2"), local, strict=True):
        words |= {name: f"{one:%A} at {clock(one)}".lower(), f"{name}_moment": moment_in_words(one, clinic)}
    return words


class Teller:
    """Plays a story and keeps what the visitor read."""

    def __init__(self, visitor: Visitor, values: dict[str, str]) -> None:
        self._visitor, self._values = visitor, values
        self.heard: list[Message] = []
        self.last_time = ""

    def play(self, step: str | int | dict[str, Any]) -> None:
        if not isinstance(step, dict):
            step = {"say": str(step)}
        replies = self._do({key: str(value).format(**self._values) for key, value in step.items()})
        for reply in replies:
            if found := MOMENT.findall(reply["text"]):
                self.last_time = found[-1]
        self.heard = replies or self.heard
        if "hears" in step:
            assert any(step["hears"] in reply["text"] for reply in replies), (step, [one["text"] for one in replies])

    def _do(self, step: dict[str, str]) -> list[Message]:
        if "reload" in step:
            self.heard = [one for one in self._visitor.messages() if one["role"] == "assistant"][-1:]
            return []
        if "second_tab" in step:  # the same conversation and token from another page
            return self._visitor.say(step["second_tab"])
        if "twice" in step:
            client_id = secrets.token_hex(8)
            first = self._visitor.say(step["twice"], client_id=client_id)
            again = self._visitor.say(step["twice"], client_id=client_id)
            assert [one["id"] for one in again] == [one["id"] for one in first]
            return first
        if "tap" in step:
            return self._visitor.tap(self._payload(step["tap"]))
        return self._visitor.say(step["say"])

    def _payload(self, title: str) -> str:
        buttons = [button for message in self.heard for button in message["buttons"]]
        if title.startswith("#"):
            times = [button for button in buttons if TIME_BUTTON.fullmatch(button["title"])]
            return times[int(title[1:]) - 1]["payload"]
        return next(button["payload"] for button in buttons if button["title"] == title)


def test_there_are_at_least_60_stories() -> None:
    assert len({story["id"] for story in STORIES}) == len(STORIES) >= 60


@pytest.mark.parametrize("number", range(len(STORIES)), ids=lambda number: STORIES[number]["id"])
def test_a_story_ends_as_it_should(
    service: Scratch, stored: Database, visitor: Visitor, clinic_info: ClinicInfo, number: int
) -> None:
    story = STORIES[number]
    digits = f"801555{number:04}"
    values = {"phone": f"{digits[:3]}-{digits[3:6]}-{digits[6:]}", "digits": digits}
    values |= free_times(stored, clinic_info, number)
    teller = Teller(visitor, values)
    for step in story["does"]:
        teller.play(step)
    with stored.reading() as session:
        calls = session.scalars(select(Appointment).where(Appointment.conversation_id == visitor.id)).all()
        claims = session.scalars(select(SlotClaim).where(SlotClaim.holder == visitor.id)).all()
        risks = session.scalars(select(Escalation.risk).where(Escalation.conversation_id == visitor.id)).all()
        texts = len(
            session.scalars(
                select(SmsConsent).where(
                    SmsConsent.appointment_id.in_([one.id for one in calls]), SmsConsent.ended_at.is_(None)
                )
            ).all()
        )
    if story["ends"] in ("nothing", "crisis"):
        assert calls == []
        assert all(claim.appointment_id is None for claim in claims)
        assert (story["ends"] == "crisis") == any(risk != "none" for risk in risks)
        return
    [call] = calls
    assert call.state == story["ends"]
    if story["ends"] == "confirmed":
        assert call.starts_at is not None
        assert moment_in_words(call.starts_at, clinic_info) == teller.last_time
        assert [(one.appointment_id, one.starts_at) for one in claims] == [(call.id, call.starts_at)]
        if "time" in story:
            assert teller.last_time == values[f"{story['time']}_moment"]
    else:
        assert claims == []
    found = {
        "name": call.full_name,
        "phone": call.phone,
        "visitor_is": call.visitor_is,
        "about": call.about,
        "voicemail": call.may_leave_voicemail,
        "sequence": call.sequence,
        "texts": texts,
    }
    wanted = {"phone": f"+1{digits}"} | story.get("stored", {})
    assert {key: str(found[key]).lower() for key in wanted} == {key: one.lower() for key, one in wanted.items()}
    said = [one["text"] for one in visitor.messages() if one["role"] == "assistant"]
    assert any(call.reference in text for text in said)
