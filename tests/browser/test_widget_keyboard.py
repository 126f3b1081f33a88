"""Everything works without a mouse, and the focus is never lost."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Allowed
from tests.browser.widget_page import WidgetPage


def focused(page: Page) -> str:
    """Class names and text of what has the focus, inside the shadow root too."""
    return page.evaluate(
        """() => {
          const host = document.querySelector("lotus-guide");
          const inside = host.shadowRoot.activeElement;
          const at = inside || document.activeElement;
          return `${at.tagName} ${at.className} ${at.textContent.trim().slice(0, 40)}`;
        }"""
    )


def test_a_chat_with_the_keyboard_only(widget: WidgetPage):
    page = widget.page
    for _ in range(20):
        page.keyboard.press("Tab")
        if "launcher" in focused(page):
            break
    page.keyboard.press("Enter")
    expect(widget.input).to_be_focused()

    page.keyboard.type("how does ketamine work?")
    page.keyboard.press("Enter")
    expect(widget.of_kind("answer")).to_be_visible()
    expect(widget.input).to_be_focused()

    page.keyboard.press("Escape")
    expect(widget.panel).to_be_hidden()
    expect(widget.launcher).to_be_focused()


def test_the_close_button_returns_the_focus_to_the_launcher(widget: WidgetPage):
    widget.open()

    widget.panel.get_by_role("button", name="Close").click()

    expect(widget.launcher).to_be_focused()


def test_focus_moves_into_the_panel_while_it_still_connects(page: Page):
    page.route("**/api/conversations", lambda route: None)
    widget = WidgetPage(page).visit()

    widget.launcher.click()

    expect(widget.panel).to_be_focused()


def test_every_control_is_reached_by_tab(widget: WidgetPage):
    widget.open()
    widget.panel.focus()

    seen = []
    for _ in range(20):
        widget.page.keyboard.press("Tab")
        seen.append(focused(widget.page))
        if "TEXTAREA" in seen[-1]:
            break

    names = " | ".join(seen)
    for name in [
        "Leave quickly",
        "Clear chat",
        "close",
        "Call 911",
        "Call 988",
        "Text 988",
        "385-272-4292",
        "log",
    ]:
        assert name in names


@pytest.mark.parametrize("context_options", [{"viewport": {"width": 375, "height": 667}}])
def test_on_a_full_screen_panel_tab_stays_inside(widget: WidgetPage, context_options: dict):
    widget.open()
    widget.send_button.focus()

    widget.page.keyboard.press("Tab")
    assert "Leave quickly" in focused(widget.page)
    widget.page.keyboard.press("Shift+Tab")
    assert "Send" in focused(widget.page)


def test_focus_is_visible(widget: WidgetPage):
    widget.open()
    widget.page.keyboard.press("Shift+Tab")
    widget.page.keyboard.press("Tab")

    expect(widget.input).to_have_css("outline-style", "solid")
    expect(widget.input).to_have_css("outline-width", "3px")


def test_the_focus_stays_in_the_panel_when_its_notice_goes(page: Page, allowed: Allowed, widget: WidgetPage):
    allowed.network_failures()
    page.route("**/api/conversations/*/messages", lambda route: route.abort(), times=1)
    widget.open()
    widget.say("how does ketamine work?")
    again = widget.of_kind("local").get_by_role("button", name="Send again")
    again.focus()

    page.keyboard.press("Enter")

    expect(widget.of_kind("answer")).to_be_visible()
    expect(again).to_have_count(0)
    expect(widget.input).to_be_focused()
