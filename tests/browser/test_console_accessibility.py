"""The console by keyboard alone, on a narrow screen, and as axe sees it."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from clinic.clock import utc_now
from clinic.handoff import oncall
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


@pytest.fixture(scope="module", params=LOOKS.values(), ids=list(LOOKS))
def seen(request, browser: Browser, site: str, team: Team) -> Iterator[ConsolePage]:
    """Signed in as the admin, in one look after the other."""
    allowed = Allowed()
    allowed.network_failures()  # the page of nobody is a 404
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
