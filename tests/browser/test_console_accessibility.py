"""The console by keyboard alone, on a narrow screen, and as axe sees it."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from clinic.booking import desk
from clinic.booking.links import call_token
from clinic.clock import utc_now
from clinic.handoff import oncall
from clinic.settings import ClinicInfo
from tests.booked import a_call, a_request
from tests.browser.conftest import Allowed, watched
from tests.browser.console_page import ConsolePage
from tests.browser.widget_page import CRISIS
from tests.staff import ADMIN, Team
from tests.visitor import Visitor

LOOKS = {
    "light": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 360, "height": 640}, "color_scheme": "light"},
}
PAGES = ("on-call", "staff", "audit", "insights", "content", "account/password", "staff/nobody")
PAGES_OF_CALLS = ("calls", "calls/week", "calls/waiting", "calls/hours", "calls/export", "calls/find?reference=none")
# A control or link in its own line: WCAG 2.5.8 asks for 24 x 24 CSS pixels.
TOO_SMALL = """() => [...document.querySelectorAll("main button, main select, main input:not([type=hidden]), header a")]
  .filter((one) => one.getClientRects().length)
  .map((one) => [one.textContent || one.name, one.getBoundingClientRect()])
  .filter(([, box]) => box.height < 24 || box.width < 24)
  .map(([name]) => name)"""
TOO_WIDE = """() => [document.documentElement, ...document.querySelectorAll("main *")]
  .filter((box) => box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0)
  .filter((box) => !box.closest(".table, .unseen, input") && getComputedStyle(box).display !== "inline")
  .map((box) => box.className || box.tagName)"""


@pytest.fixture(scope="module")
def held(site: str, team: Team) -> Iterator[str]:
    """A chat with evidence that the admin has, and two people on call; the escalation's id."""
    with team.database.transaction() as session:
        person = oncall.add_person(
            session, first_name="Dana", hours="mon-fri 08:00-20:00", actor=team.admin, now=utc_now()
        )
        oncall.add_channel(
            session,
            person_id=person.id,
            kind="email",
            address="env:ONCALL_MAIL",
            can_wake=False,
            actor=team.admin,
            now=utc_now(),
        )
        oncall.add_person(session, first_name="Sam", hours="always", actor=team.admin, now=utc_now())
    with Visitor(site) as visitor:
        visitor.say(CRISIS)
        yield team.escalation_of(visitor.id)
    with team.database.transaction() as session:
        for listed in oncall.list_oncall(session):
            oncall.remove_person(session, person_id=listed.person.id, actor=team.admin, now=utc_now())


@pytest.fixture(scope="module")
def calls(team: Team, clinic_info: ClinicInfo) -> Iterator[list[str]]:
    """References of a booked call with a long name and a note, of a request, and of a call that is late."""
    booked = a_call(team.database, clinic_info, "Maximiliana-Bartholomea")
    made = [booked, a_request(team.database, clinic_info, late=True), a_call(team.database, clinic_info, late=True)]
    with team.database.transaction() as session:
        note = "Prefers mornings. https://example.org/a-very-long-address-without-any-place-to-break-it-at-all"
        desk.add_note(session, booked.reference, note, actor=team.admin, now=utc_now())
    yield [one.reference for one in made]
    with team.database.transaction() as session:
        for one in made:
            desk.cancel(session, one.reference, actor=team.admin, clinic=clinic_info, now=utc_now())


@pytest.fixture(scope="module", params=LOOKS.values(), ids=list(LOOKS))
def seen(request, browser: Browser, site: str, team: Team) -> Iterator[ConsolePage]:
    """Signed in as the admin, in one look after the other."""
    allowed = Allowed()
    allowed.network_failures()  # the page of nobody is a 404, a refused step a 400
    with watched(browser, site, allowed, request.param) as context:
        yield ConsolePage(context.new_page()).sign_in(ADMIN)


def assert_fit(page: Page) -> None:
    """Nothing for axe to find, everything large enough, nothing that scrolls sideways; all parts opened."""
    page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate(TOO_SMALL) == []
    assert page.evaluate(TOO_WIDE) == []


def test_the_queue_fits(seen: ConsolePage, held: str):
    seen.page.goto("/console")
    seen.when_live()
    expect(seen.row(held)).to_be_visible()
    assert_fit(seen.page)


def test_a_chat_fits_before_and_after_it_is_taken(seen: ConsolePage, held: str):
    seen.open(held)
    assert_fit(seen.page)
    if seen.page.get_by_role("button", name="Take this chat").count():
        seen.take()
    assert_fit(seen.page)


@pytest.mark.parametrize("path", PAGES)
def test_every_other_page_fits(seen: ConsolePage, held: str, path: str):
    seen.page.goto(f"/console/{path}")
    assert_fit(seen.page)


@pytest.mark.parametrize("path", PAGES_OF_CALLS)
def test_every_list_of_calls_fits(seen: ConsolePage, calls: list[str], path: str):
    seen.page.goto(f"/console/{path}")
    assert_fit(seen.page)


@pytest.mark.parametrize("number", range(3), ids=["booked", "request", "late"])
def test_a_call_fits(seen: ConsolePage, calls: list[str], number: int):
    seen.page.goto(f"/console/calls/{calls[number]}")
    assert_fit(seen.page)


def test_a_refused_step_and_a_call_that_is_over_fit(seen: ConsolePage, team: Team, clinic_info: ClinicInfo):
    call = a_call(team.database, clinic_info, late=True)
    seen.page.goto(f"/console/calls/{call.reference}")
    seen.page.get_by_role("button", name="Save the note").click()
    expect(seen.page.get_by_role("alert").filter(has_text="write a note first")).to_be_visible()
    assert_fit(seen.page)
    seen.page.get_by_role("button", name="Close as a no-show").click()
    expect(seen.page.locator("#done")).to_be_visible()
    assert_fit(seen.page)


@pytest.mark.parametrize("look", LOOKS.values(), ids=list(LOOKS))
def test_the_visitor_s_page_of_a_call_fits(browser: Browser, site: str, calls: list[str], look: dict):
    allowed = Allowed()
    allowed.network_failures()  # a link that opens nothing is a 404
    with watched(browser, site, allowed, look) as context:
        page = context.new_page()
        for reference in (*calls[:2], "LC-AAAAAA"):
            page.goto(f"/calls/{call_token(reference)}")
            expect(page.get_by_role("heading", name="Your phone call")).to_be_visible()
            assert_fit(page)


def test_the_sign_in_page_fits(browser: Browser, site: str, team: Team):
    for look in LOOKS.values():
        with watched(browser, site, Allowed(), look) as context:
            page = context.new_page()
            page.goto("/console/sign-in")
            assert_fit(page)


def test_by_keyboard_alone_a_chat_is_found_taken_and_answered(console: ConsolePage, site: str, team: Team):
    page = console.page
    with Visitor(site) as visitor:
        visitor.say(CRISIS)
        escalation = team.escalation_of(visitor.id)
        page.goto("/console/sign-in")
        page.keyboard.type(ADMIN.email)  # the first field has the focus
        page.keyboard.press("Tab")
        page.keyboard.type("correct battery 42 staple")
        page.keyboard.press("Enter")
        console.when_live()
        tab_to(page, f"row-{escalation}")
        page.keyboard.press("Enter")
        console.when_live()
        tab_to(page, "Take this chat")
        page.keyboard.press("Enter")
        expect(console.text).to_be_visible()
        tab_to(page, "text")
        page.keyboard.type("By keyboard")
        page.keyboard.press("Enter")
        expect(console.thread.locator(".message.staff")).to_contain_text("By keyboard")
        expect(console.text).to_be_focused()
        console.close("Reached by phone")


def tab_to(page: Page, wanted: str) -> None:
    """Tabs until the element with that id or text has the focus, and sees that each stop shows it."""
    for _ in range(80):
        page.keyboard.press("Tab")
        at = page.evaluate(
            """() => {
              const at = document.activeElement;
              const style = getComputedStyle(at);
              return { id: at.id, text: at.textContent.trim(), outline: parseFloat(style.outlineWidth) };
            }"""
        )
        assert at["outline"] >= 2, f"no visible focus on {at['id'] or at['text'][:40]}"
        if wanted in (at["id"], at["text"]):
            return
    raise AssertionError(f"the Tab key does not reach {wanted}")


def test_the_skip_link_leads_to_the_page(console: ConsolePage):
    console.sign_in(ADMIN)
    console.page.goto("/console/on-call")
    console.page.keyboard.press("Tab")
    expect(console.page.get_by_role("link", name="Skip to the page")).to_be_focused()
    console.page.keyboard.press("Enter")
    expect(console.page.locator("#main")).to_be_focused()


def test_a_refresh_of_the_queue_leaves_the_focus_where_it_was(console: ConsolePage, site: str, team: Team):
    with Visitor(site) as first, Visitor(site) as second:
        first.say(CRISIS)
        escalation = team.escalation_of(first.id)
        console.sign_in(ADMIN)
        console.page.locator(f"#row-{escalation}").focus()
        second.say(CRISIS)
        expect(console.row(team.escalation_of(second.id))).to_be_visible()
        expect(console.page.locator(f"#row-{escalation}")).to_be_focused()


def test_with_reduced_motion_nothing_moves(browser: Browser, site: str, team: Team):
    with watched(browser, site, Allowed(), {"reduced_motion": "reduce"}) as context:
        page = ConsolePage(context.new_page()).sign_in(ADMIN).page
        assert page.evaluate("document.getAnimations().length") == 0
