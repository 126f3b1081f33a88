"""Leaving, clearing and what stays on the device."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Allowed
from tests.browser.widget_page import LEAVE_URL, QUESTION, WidgetPage


def test_leave_quickly_clears_the_tab_and_goes_elsewhere(page: Page, allowed: Allowed, widget: WidgetPage):
    allowed.origins.append(LEAVE_URL.rstrip("/"))
    page.route(LEAVE_URL, lambda route: route.fulfill(content_type="text/html", body="<title>elsewhere</title>"))
    site = page.url
    widget.open()
    widget.ask(QUESTION, kind="answer")

    widget.panel.get_by_role("button", name="Leave quickly").click()
    page.wait_for_url(LEAVE_URL)

    page.goto(site)
    assert widget.stored() is None
    expect(widget.launcher).to_be_visible()
    widget.open()
    expect(widget.messages).to_have_count(1)


def test_leave_quickly_takes_the_chat_page_out_of_the_history(page: Page, allowed: Allowed, widget: WidgetPage):
    allowed.origins.append(LEAVE_URL.rstrip("/"))
    page.route(LEAVE_URL, lambda route: route.fulfill(content_type="text/html", body="<title>elsewhere</title>"))
    widget.open()
    before = page.evaluate("history.length")

    widget.panel.get_by_role("button", name="Leave quickly").click()
    page.wait_for_url(LEAVE_URL)

    assert page.evaluate("history.length") == before


def test_clear_chat_asks_once_then_starts_a_new_conversation(widget: WidgetPage):
    widget.open()
    widget.ask(QUESTION, kind="answer")
    before = widget.stored()
    clear = widget.panel.get_by_role("button", name="Clear chat")

    clear.click()
    question = widget.panel.get_by_role("group", name="Clear this chat?")
    expect(question).to_contain_text("The clinic's copy stays")
    expect(widget.of_kind("answer")).to_be_visible()
    question.get_by_role("button", name="Yes, clear").click()

    expect(widget.of_kind("answer")).to_have_count(0)
    expect(widget.of_kind("disclosure")).to_have_count(1)
    expect(widget.input).to_be_enabled()
    after = widget.stored()
    assert before
    assert after
    assert before["id"] != after["id"]


def test_clear_chat_can_be_declined_by_button_and_by_escape(widget: WidgetPage):
    widget.open()
    clear = widget.panel.get_by_role("button", name="Clear chat")
    question = widget.panel.get_by_role("group", name="Clear this chat?")

    clear.click()
    question.get_by_role("button", name="Keep it").click()
    expect(question).to_be_hidden()
    expect(clear).to_be_focused()

    clear.click()
    widget.page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(widget.panel).to_be_visible()
    expect(clear).to_be_focused()


def test_the_token_is_kept_in_session_storage_only(widget: WidgetPage):
    widget.open()
    kept = widget.stored()
    assert kept

    assert kept["id"]
    assert kept["token"]
    assert widget.page.evaluate("localStorage.length") == 0
    assert widget.page.context.cookies() == []
    assert kept["token"] not in widget.page.content()
