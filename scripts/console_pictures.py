"""Takes the pictures of docs/console.md from the running program: `.venv/bin/python -m scripts.console_pictures`.

Everybody in them is invented. Only `web` runs, on a scratch folder, and nobody is alerted.
"""

import os
import secrets
import sys
import tempfile
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import select, update
from sqlalchemy.orm import Session

import clinic.tables  # noqa: F401  all tables, so that foreign keys find theirs
from cli.scratch import free_port, running
from clinic import crypto
from clinic.booking import desk, hours
from clinic.booking.book import By, Caller, book_call, find_call, request_call
from clinic.booking.calendar import Slot
from clinic.booking.models import About, Outcome
from clinic.booking.preferred_time import Window
from clinic.booking.texting import agree_to_texts
from clinic.clock import utc_now
from clinic.db import Database
from clinic.handoff import oncall
from clinic.models import Escalation
from clinic.settings import ROOT, ClinicInfo, Settings
from clinic.staff.accounts import COMMAND_LINE, Profile, add_staff
from clinic.staff.models import Staff, StaffRole
from clinic.staff.passwords import Passwords, new_password

IMAGES = ROOT / "docs" / "images"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DANA = Profile("dana@example.com", "Dana", "Nurse", StaffRole.admin, crisis_trained=True)
SAM = Profile("sam@example.com", "Sam", "APRN", crisis_trained=True)
CHATS = (
    (95, ["my friend says he doesn't want to wake up any more and i'm worried"]),
    (14, ["me quiero morir"]),
    (3, ["i dont want to be alive anymore. you can call 801-555-0123"]),
)

# Name, day from today, local time, provider, what about. Invented, like everybody here.
CALLS = (
    ("Gus Someone", -2, "14:00", "aprn-2", About.other),
    ("Ana Ejemplo", -1, "09:30", "aprn-1", About.first_evaluation),
    ("Bo Tester", -1, "13:00", "aprn-2", About.patient),
    ("Toby Example", -1, "15:30", "aprn-1", About.other),
    ("Mary Sample", 0, "09:00", "aprn-1", About.first_evaluation),
    ("Ida Muster", 0, "10:30", "aprn-2", About.patient),
    ("Olu Placeholder", 0, "13:30", "aprn-1", About.other),
    ("Fay Noone", 0, "16:00", "aprn-1", About.patient),
    ("Cy Nobody", 1, "11:00", "aprn-2", About.first_evaluation),
)
REQUESTS = (("Lee", -1), ("Kim", 1))
OUTCOMES = (("Gus Someone", Outcome.reached), ("Ana Ejemplo", Outcome.reached), ("Bo Tester", Outcome.no_answer))
ASKED: dict[str, Any] = {"consent_wording": "call-consent-2", "by": By("chat")}
LATE, NEXT = "Toby Example", "Mary Sample"


def fill(database: Database, url: str, password: str) -> None:
    """Two accounts, two people on call, three chats of different age."""
    now, hashing = utc_now(), Passwords(memory_kib=64)
    with database.transaction() as session:
        for profile in (DANA, SAM):
            add_staff(
                session,
                profile=profile,
                password=password,
                passwords=hashing,
                must_change_password=False,
                by=COMMAND_LINE,
                now=now,
            )
        list_on_call(session, "Dana", "mon-fri 07:00-19:00", ["en", "es"], "ntfy://ntfy.example.com/dana", now)
        list_on_call(
            session, "Sam", "mon-fri 19:00-07:00; sat 00:00-24:00", ["en"], "mailtos://user:word@example.com", now
        )
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        for minutes, texts in CHATS:
            chat = http.post("/api/conversations").raise_for_status().json()
            headers = {"Authorization": f"Bearer {chat['token']}"}
            for text in texts:
                body = {"client_id": secrets.token_hex(8), "text": text}
                http.post(f"/api/conversations/{chat['id']}/messages", json=body, headers=headers).raise_for_status()
            with database.transaction() as session:
                session.execute(
                    update(Escalation)
                    .where(Escalation.conversation_id == chat["id"])
                    .values(opened_at=now - timedelta(minutes=minutes))
                )


def fill_calls(database: Database, clinic: ClinicInfo) -> list[str]:
    """Calls of the days around today: made, late and coming, and two requests; the references of NEXT, a request, LATE.

    In the morning the pictures are best: at night all of today's calls are over.
    """
    now = utc_now()
    before, today = now - timedelta(days=4), now.astimezone(clinic.zone).date()
    made: dict[str, str] = {}

    def at(ahead: int, clock: str) -> datetime:
        return datetime.combine(today + timedelta(days=ahead), time.fromisoformat(clock), clinic.zone).astimezone(UTC)

    with database.transaction() as session:
        for ahead in range(-3, 4):  # holidays and weekends as well
            day, spans = today + timedelta(days=ahead), [(time(9), time(12)), (time(13), time(17))]
            hours.set_exception(session, day, spans, provider_id=None, actor=COMMAND_LINE, clinic=clinic, now=before)
        for name, ahead, clock, provider, about in CALLS:
            slot = Slot(at(ahead, clock), at(ahead, clock) + timedelta(minutes=clinic.booking.call_minutes), provider)
            made[name] = book_call(
                session, conversation_id=None, caller=caller(name, len(made), about), slot=slot, **ASKED, clinic=clinic,
                now=before + timedelta(hours=len(made)),
            ).appointment.reference  # fmt: skip
        for name, ahead in REQUESTS:
            window = Window(at(ahead, "13:00"), at(ahead, "17:00"))
            made[name] = request_call(
                session, conversation_id=None, caller=caller(name, len(made), About.first_evaluation), window=window,
                **ASKED, clinic=clinic, now=before + timedelta(hours=len(made)),
            ).appointment.reference  # fmt: skip
        staff = session.scalars(select(Staff.id).order_by(Staff.email)).first() or ""
        for name, outcome in OUTCOMES:
            desk.record_outcome(session, made[name], outcome, actor=staff, now=now - timedelta(hours=9))
        note = "Asked for a short call. Will have a list of questions at hand."
        desk.add_note(session, made[NEXT], note, actor=staff, now=now - timedelta(hours=2))
        coming, words = find_call(session, made[NEXT]), {"wording": "text-consent-1", "wording_text": "-"}
        agree_to_texts(session, coming, **words, clinic=clinic, by=By("chat"), now=before + timedelta(hours=5))
        off = today + timedelta(days=9)
        hours.set_exception(session, off, [], provider_id="aprn-2", actor=staff, clinic=clinic, now=now)
    return [made[NEXT], made[REQUESTS[0][0]], made[LATE]]


def caller(name: str, number: int, about: About) -> Caller:
    first, _, last = name.partition(" ")
    return Caller(first, f"+1801555{number:04}", last or None, about=about, may_leave_voicemail=number % 2 == 0)


def list_on_call(session: Session, name: str, hours: str, languages: list[str], address: str, now: datetime) -> None:
    person = oncall.add_person(session, first_name=name, hours=hours, languages=languages, actor=COMMAND_LINE, now=now)
    channel = oncall.add_channel(
        session,
        person_id=person.id,
        kind="push" if address.startswith("ntfy") else "email",
        address=address,
        can_wake=address.startswith("ntfy"),
        actor=COMMAND_LINE,
        now=now,
    )
    channel.verified_at = now


def take(page: Page, password: str) -> None:
    expect.set_options(timeout=15_000)
    page.goto("/console")
    page.get_by_label("Email").fill(DANA.email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    live = page.locator("#live")
    expect(live).to_have_text("Live")
    page.get_by_role("link", name="somebody else").click()
    page.get_by_role("button", name="I have seen it").click()
    page.goto("/console")
    expect(live).to_have_text("Live")
    page.screenshot(path=IMAGES / "console-queue.png")

    page.set_viewport_size({"width": 1280, "height": 1150})
    page.get_by_role("link", name="Left a number").click()
    page.get_by_role("button", name="Take this chat").click()
    page.get_by_label("Write to the visitor").fill(
        "Hello, I am Dana, a nurse at the clinic. Are you safe where you are?"
    )
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".message.staff")).to_be_visible()
    expect(live).to_have_text("Live")
    page.get_by_text("Questions about risk").click()
    page.get_by_label("Write to the visitor").focus()
    page.screenshot(path=IMAGES / "console-conversation.png")

    page.goto("/console/on-call")
    page.screenshot(
        path=IMAGES / "console-on-call.png", full_page=True, clip={"x": 0, "y": 0, "width": 1280, "height": 1150}
    )


def take_calls(page: Page, request: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 900})
    live = page.locator("#live")
    page.goto("/console/calls")
    expect(live).to_have_text("Live")
    page.screenshot(path=IMAGES / "console-calls.png")
    page.goto(f"/console/calls/{request}")
    page.get_by_label("New note").fill("Asked to be called after lunch.")
    page.locator(".free-day[open] .chip", has_text="1:00 PM").first.click()
    page.screenshot(
        path=IMAGES / "console-call.png", full_page=True, clip={"x": 0, "y": 0, "width": 1280, "height": 1150}
    )


def main() -> None:
    nowhere = {"LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}", "LOTUS_PASSWORD_MEMORY_KIB": "64"}
    password = new_password()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), "web", wait_for="/healthz", **nowhere) as service,
        sync_playwright() as playwright,
    ):
        crypto.use(crypto.Keyring(file=Path(folder) / "data-keys"))  # the service's own
        database = Database(f"sqlite:///{folder}/lotus.db")
        fill(database, service.url, password)
        browser = playwright.chromium.launch(executable_path=os.environ.get("LOTUS_CHROMIUM") or found(), args=CHROMIUM)
        page = browser.new_context(base_url=service.url, viewport={"width": 1280, "height": 800}).new_page()
        take(page, password)
        _, request, _ = fill_calls(database, Settings().clinic)
        take_calls(page, request)
        browser.close()
        database.close()
    print(f"The pictures are in {IMAGES}.")


def found() -> str | None:
    return "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None


if __name__ == "__main__":
    sys.exit(main())
