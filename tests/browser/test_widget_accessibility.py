"""axe finds nothing, in any state and scheme."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Allowed
from tests.browser.widget_page import CRISIS, QUESTION, WidgetPage

SCHEMES = pytest.mark.parametrize(
    "context_options",
    [
        {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
        {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
        {"viewport": {"width": 320, "height": 568}, "color_scheme": "light"},
        {"viewport": {"width": 320, "height": 256}, "color_scheme": "dark"},
    ],
    ids=["light", "dark", "narrow", "zoomed"],
)


def assert_no_findings(page: Page) -> None:
    # A panel that is still sliding in would be measured where it is not.
    page.evaluate(
        """() => {
          const moving = document.querySelector("lotus-guide").shadowRoot.getAnimations();
          return Promise.all(moving.map((animation) => animation.finished));
        }"""
    )
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@SCHEMES
def test_axe_finds_nothing_in_the_closed_chat(widget: WidgetPage, context_options: dict):
    assert_no_findings(widget.page)


@SCHEMES
def test_axe_finds_nothing_in_the_open_chat(widget: WidgetPage, context_options: dict):
    widget.open()
    assert_no_findings(widget.page)


@SCHEMES
def test_axe_finds_nothing_after_an_answer(widget: WidgetPage, context_options: dict):
    widget.open()
    widget.ask(QUESTION, kind="answer")
    assert_no_findings(widget.page)


@SCHEMES
def test_axe_finds_nothing_after_a_crisis_reply(widget: WidgetPage, context_options: dict):
    widget.open()
    widget.ask(CRISIS, kind="crisis")
    widget.panel.get_by_role("button", name="Clear chat").click()
    assert_no_findings(widget.page)


@SCHEMES
def test_axe_finds_nothing_without_a_server(page: Page, allowed: Allowed, context_options: dict):
    allowed.network_failures()
    page.route("**/api/**", lambda route: route.abort())
    widget = WidgetPage(page).visit()
    widget.launcher.click()
    expect(widget.of_kind("local")).to_be_visible()
    assert_no_findings(page)


def test_the_chat_is_marked_as_english_and_its_log_as_polite(widget: WidgetPage):
    widget.open()

    expect(widget.page.locator("lotus-guide")).to_have_attribute("lang", "en")
    expect(widget.log).to_have_attribute("aria-live", "polite")
