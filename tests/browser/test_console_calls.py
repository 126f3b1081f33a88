"""Calls from both sides: a visitor asks in the chat or on the call's page, staff work on it in the console."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from sqlalchemy import select

from clinic.booking import desk
from clinic.booking.book import CLOSED
from clinic.booking.links import call_token
from clinic.clock import utc_now
from clinic.models import Appointment, AppointmentState
from clinic.settings import ClinicInfo
from tests.booked import a_call, a_request, stored_call
from tests.browser.conftest import Allowed, watched
from tests.browser.console_page import ConsolePage
from tests.browser.test_console_accessibility import tab_to
from tests.browser.widget_page import WidgetPage
from tests.staff import ADMIN, TRAINED, Team

NOT_DONE = r"status of 409"  # Chromium's own line for a refused form


@pytest.fixture(autouse=True)
def nothing_left(team: Team, clinic_info: ClinicInfo) -> Iterator[None]:
    """Calls of these tests take no times from the other ones, and are in nobody's count."""
    yield
    query = select(Appointment.reference).where(Appointment.state.not_in(CLOSED))
    with team.database.transaction() as session:
        for reference in session.scalars(query).all():
            desk.cancel(session, reference, actor=team.admin, clinic=clinic_info, now=utc_now())


def answer(widget: WidgetPage, words: str) -> Locator:
    """Says it in the booking and waits for the next question."""
    asked = widget.of_kind("booking").count()
    widget.say(words)
    expect(widget.of_kind("booking")).to_have_count(asked + 1, timeout=30_000)
    return widget.of_kind("booking").last


def pick(page: Page, at: int) -> str:
    """Chooses one of the free times of the first open day; its value."""
    chip = page.locator(".free-day[open] .chip").nth(at)
    chip.click()
    return chip.locator("input").input_value()


def open_times(page: Page) -> None:
    page.get_by_role("heading", name="Move it").click()
    expect(page.locator(".free-day[open] .chip").first).to_be_visible()


def test_a_request_of_the_chat_is_confirmed_moved_noted_and_closed_and_the_visitor_reads_each_step(
    widget: WidgetPage, console: ConsolePage, team: Team
):
    page = console.sign_in(TRAINED).page
    page.goto("/console/calls/waiting")
    console.when_live()
    widget.open()
    for words in ("book a call", "Dana Quill", "18 or older", "801-555-0166", "You pick a time", "first evaluation"):
        answer(widget, words)
    saved = answer(widget, "yes, and voicemail is fine")
    found = re.search(r"LC-\w{6}", saved.inner_text())
    assert found
    reference = found[0]

    row = page.locator(f"#call-{reference}")  # without loading the page again
    expect(row).to_contain_text("Dana Quill")
    expect(row).to_contain_text("No time yet")
    expect(page.locator("#calls-count")).to_contain_text("waiting")
    row.click()
    expect(page.get_by_role("link", name="(801) 555-0166")).to_have_attribute("href", "tel:+18015550166")

    pick(page, 1)
    page.get_by_role("button", name="Confirm this time").click()
    expect(page.get_by_role("status").filter(has_text="Confirmed.")).to_be_visible()
    expect(widget.by("notice").last).to_contain_text("Your call is confirmed")
    expect(widget.by("notice").last).to_contain_text(reference)

    open_times(page)
    pick(page, 3)
    page.get_by_label("New note").fill("Prefers the later time.")
    page.get_by_role("button", name="Move to this time").click()
    expect(page.get_by_role("status").filter(has_text="Moved.")).to_be_visible()
    expect(page.locator(".note-text")).to_have_text("Prefers the later time.")
    expect(widget.by("notice").last).to_contain_text("The clinic has moved your call")

    page.locator(".chip", has_text="Reached").click()
    page.get_by_role("button", name="Save the outcome").click()
    expect(page.locator(".call-heading")).to_contain_text("Reached")
    expect(page.get_by_role("region", name="History")).to_contain_text("Outcome: Reached")
    expect(page.get_by_role("button", name="Save the outcome")).to_have_count(0)


def test_two_staff_move_into_one_time_and_the_second_keeps_what_was_typed(
    browser: Browser, site: str, console: ConsolePage, team: Team, clinic_info: ClinicInfo, allowed: Allowed
):
    first, second = (a_call(team.database, clinic_info, name) for name in ("Firstlee", "Secondleigh"))
    allowed.console.append(NOT_DONE)
    with watched(browser, site, allowed, {"viewport": {"width": 1280, "height": 860}}) as other_context:
        one = console.sign_in(TRAINED).page
        two = ConsolePage(other_context.new_page()).sign_in(ADMIN).page
        for page, call in ((one, first), (two, second)):
            page.goto(f"/console/calls/{call.reference}")
            open_times(page)
        wanted = pick(one, 2)
        two.locator(f'.chip:has(input[value="{wanted}"])').click()
        two.get_by_label("New note").fill("Asked for just this time.")
        one.get_by_role("button", name="Move to this time").click()
        expect(one.get_by_role("status").filter(has_text="Moved.")).to_be_visible()
        two.get_by_role("button", name="Move to this time").click()
        expect(two.get_by_role("alert").filter(has_text="just been taken by somebody else")).to_be_visible()
        expect(two.get_by_label("New note")).to_have_value("Asked for just this time.")
        expect(two.locator(f'input[value="{wanted}"]')).to_have_count(0)
        assert stored_call(team.database, second).starts_at == second.starts_at

        pick(two, 4)
        two.get_by_role("button", name="Move to this time").click()
        expect(two.locator(".note-text")).to_have_text("Asked for just this time.")


def test_a_change_by_somebody_else_is_told_on_the_open_page(
    console: ConsolePage, team: Team, clinic_info: ClinicInfo, allowed: Allowed, context: BrowserContext
):
    call = a_call(team.database, clinic_info)
    allowed.console.append(NOT_DONE)
    page = console.sign_in(TRAINED).page
    page.goto(f"/console/calls/{call.reference}")
    page.get_by_label("New note").fill("In the middle of a word")
    expect(page.locator("#changed")).to_be_hidden()

    theirs = context.new_page()  # the visitor cancels by the link
    theirs.goto(f"/calls/{call_token(call.reference)}")
    theirs.get_by_role("button", name="Cancel the call").click()
    expect(theirs.get_by_role("status")).to_have_text("The call is cancelled.")

    expect(page.locator("#changed")).to_contain_text("This call has been changed meanwhile")
    page.locator(".chip", has_text="No answer").click()
    page.get_by_role("button", name="Save the outcome").click()
    expect(page.get_by_role("alert").filter(has_text="This call is over already")).to_be_visible()
    expect(page.get_by_label("New note")).to_have_value("In the middle of a word")


def test_a_late_call_is_marked_counted_and_closed_as_a_no_show(
    console: ConsolePage, team: Team, clinic_info: ClinicInfo
):
    call = a_call(team.database, clinic_info, "Lateleigh", late=True)
    page = console.sign_in(TRAINED).page
    expect(page.locator("#calls-count")).to_contain_text("1 overdue")  # on the queue's page as well
    page.goto("/console/calls")
    page.get_by_role("link", name="See what waits").click()
    expect(page.locator(f"#call-{call.reference}")).to_contain_text("Outcome missing")
    page.locator(f"#call-{call.reference}").click()
    page.get_by_role("button", name="Close as a no-show").click()
    expect(page.get_by_role("status").filter(has_text="no-show")).to_be_visible()
    expect(page.locator("#calls-count")).not_to_contain_text("overdue")
    assert stored_call(team.database, call).state == AppointmentState.no_show


def test_further_days_come_without_losing_what_is_typed(console: ConsolePage, team: Team, clinic_info: ClinicInfo):
    call = a_request(team.database, clinic_info)
    page = console.sign_in(TRAINED).page
    page.goto(f"/console/calls/{call.reference}")
    page.get_by_label("New note").fill("Away until the holidays")
    days = page.locator(".free-day summary").first.inner_text()
    page.get_by_role("link", name="Days from").click()
    expect(page.locator(".free-day summary").first).not_to_have_text(days)
    expect(page.locator(".free-day summary").first).to_be_focused()
    expect(page.get_by_label("New note")).to_have_value("Away until the holidays")


def test_by_keyboard_alone_a_request_gets_its_time(console: ConsolePage, team: Team, clinic_info: ClinicInfo):
    call = a_request(team.database, clinic_info)
    page = console.sign_in(TRAINED).page
    page.goto("/console/calls/waiting")
    console.when_live()
    tab_to(page, f"call-{call.reference}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Zebedee")).to_be_visible()
    page.locator(".free-day[open] summary").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".chip input:checked")).to_be_focused()
    shown = page.locator(".chip input:checked + span")
    assert shown.evaluate("one => parseFloat(getComputedStyle(one).outlineWidth)") >= 2
    tab_to(page, "Confirm this time")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Confirmed.")).to_be_focused()
    assert stored_call(team.database, call).state == AppointmentState.confirmed
