"""What a visitor meets before the first word is written."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Allowed
from tests.browser.widget_page import API, CREATE, WidgetPage, assert_large_enough_to_press, fail_with

NUMBERS = ["tel:911", "tel:988", "sms:988", "tel:+13852724292"]


def test_the_input_stays_disabled_until_the_disclosure_is_shown(page: Page):
    held: list[Route] = []
    page.route(CREATE, lambda route: held.append(route))
    widget = WidgetPage(page).visit()

    with page.expect_request(CREATE):
        widget.launcher.click()
    expect(widget.input).to_be_disabled()
    expect(widget.send_button).to_be_disabled()
    expect(widget.input).to_have_accessible_description(re.compile("Connecting"))

    held[0].continue_()
    expect(widget.of_kind("disclosure")).to_be_visible()
    expect(widget.input).to_be_enabled()


def test_a_conversation_without_disclosure_never_enables_the_input(page: Page):
    body = {"id": "x", "token": "x", "messages": []}
    page.route(API, lambda route: route.fulfill(status=201, json=body))
    widget = WidgetPage(page).visit()

    widget.launcher.click()

    expect(widget.of_kind("local")).to_be_visible()
    expect(widget.input).to_be_disabled()


def test_the_panel_says_ai_assistant_and_names_itself(widget: WidgetPage):
    widget.open()

    expect(widget.panel.get_by_text("AI assistant", exact=True).first).to_be_visible()
    expect(widget.panel.get_by_role("heading", name="Lotus Guide")).to_be_visible()
    assert widget.panel.get_attribute("aria-modal") is None


@pytest.mark.parametrize("href", NUMBERS)
def test_the_numbers_are_there_with_every_api_call_aborted(page: Page, allowed: Allowed, href: str):
    allowed.network_failures()
    page.route(API, lambda route: route.abort())
    widget = WidgetPage(page).visit()

    widget.launcher.click()

    link = widget.resources.locator(f'a[href="{href}"]')
    expect(link).to_be_in_viewport(ratio=1)
    assert_large_enough_to_press(link)


def test_a_failed_start_shows_the_numbers_and_try_again_recovers(page: Page, allowed: Allowed):
    allowed.network_failures()
    page.route(CREATE, lambda route: route.abort())
    widget = WidgetPage(page).visit()
    widget.launcher.click()
    notice = widget.of_kind("local")
    expect(notice).to_contain_text("cannot be reached")
    for href in NUMBERS:
        expect(notice.locator(f'a[href="{href}"]')).to_be_attached()

    page.unroute(CREATE)
    notice.get_by_role("button", name="Try again").click()

    expect(widget.input).to_be_enabled()
    expect(notice).to_have_count(0)


def test_a_failed_start_is_retried_without_any_click(page: Page, allowed: Allowed):
    allowed.network_failures()
    page.route(CREATE, lambda route: route.abort(), times=1)
    widget = WidgetPage(page).visit()

    widget.open()

    expect(widget.of_kind("disclosure")).to_have_count(1)


def test_a_start_slower_than_five_seconds_shows_the_numbers(page: Page):
    page.clock.install()
    page.route(CREATE, lambda route: None)
    widget = WidgetPage(page).visit()
    with page.expect_request(CREATE):
        widget.launcher.click()
    expect(widget.of_kind("local")).to_have_count(0)

    page.clock.fast_forward(5_100)

    expect(widget.of_kind("local")).to_be_visible()
    expect(widget.input).to_be_disabled()


def test_a_refused_start_shows_what_the_server_says(page: Page, allowed: Allowed):
    allowed.network_failures()
    page.route(CREATE, fail_with(429, "too_many", "Too many new chats. Please wait a minute."))
    widget = WidgetPage(page).visit()

    widget.launcher.click()

    expect(widget.of_kind("local")).to_contain_text("Please wait a minute")
    expect(widget.of_kind("local").locator('a[href="tel:988"]')).to_be_visible()


def test_opening_and_closing_again_creates_one_conversation(widget: WidgetPage):
    created = []
    widget.page.on("request", lambda request: created.append(request) if request.method == "POST" else None)

    widget.open()
    widget.page.keyboard.press("Escape")
    widget.open()

    assert len(created) == 1
    expect(widget.of_kind("disclosure")).to_have_count(1)
