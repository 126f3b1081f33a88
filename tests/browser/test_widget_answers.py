"""Answers, sources, buttons and urgent replies as they appear."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.widget_page import (
    CRISIS,
    QUESTION,
    WidgetPage,
    assert_large_enough_to_press,
    message,
    script_conversation,
)


def test_a_question_gets_an_answer_with_sources(widget: WidgetPage):
    widget.open()

    answer = widget.ask(QUESTION, kind="answer")

    expect(answer).to_have_attribute("data-topic", "mechanism")
    expect(answer).to_have_attribute("data-role", "assistant")
    expect(answer.locator(".who")).to_have_text("AI assistant")
    expect(answer.get_by_text("Sources", exact=True)).to_be_visible()
    link = answer.locator(".sources a").first
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(widget.saying(QUESTION).locator(".who")).to_have_text("You")


def test_an_answer_links_to_its_page_of_the_library(widget: WidgetPage):
    widget.open()

    link = widget.ask(QUESTION, kind="answer").get_by_role("link", name="Read more in the library")
    address = link.get_attribute("href")

    assert address
    assert widget.page.request.get(address).status == 200


def test_a_crisis_reply_offers_988_large_enough_to_press(widget: WidgetPage):
    widget.open()

    reply = widget.ask(CRISIS, kind="crisis")

    assert_large_enough_to_press(reply.locator('a[href="tel:988"]').first)


def test_a_crisis_reply_is_shown_once_and_leaves_the_focus_alone(widget: WidgetPage):
    widget.open()
    widget.input.fill(CRISIS)
    widget.input.press("Enter")

    reply = widget.of_kind("crisis")

    expect(reply.first).to_be_visible()
    expect(reply).to_have_count(1)
    expect(widget.input).to_be_focused()
    expect(reply).to_have_css("animation-name", "none")
    expect(reply).to_have_css("border-top-width", "2px")
    assert reply.get_attribute("role") is None  # the log announces it; an alert inside would say it twice


@pytest.mark.parametrize("kind", ["crisis", "medical_emergency", "safe_text"])
def test_an_urgent_reply_without_buttons_still_gets_the_numbers(page: Page, kind: str):
    script_conversation(page, message(2, kind=kind, text="Please get help now."))
    widget = WidgetPage(page).visit().open()

    for href in ("tel:911", "tel:988", "sms:988"):
        expect(widget.of_kind(kind).locator(f'a[href="{href}"]')).to_be_attached()


def test_payloads_become_links_only_for_phone_text_and_https(page: Page):
    buttons = [
        {"title": "Call 988", "payload": "tel:988"},
        {"title": "Text 988", "payload": "sms:988"},
        {"title": "Read on", "payload": "https://988lifeline.org/"},
        {"title": "Trick", "payload": "javascript:alert(1)"},
        {"title": "Tell me more", "payload": "/more"},
    ]
    script_conversation(page, message(2, buttons=buttons))
    widget = WidgetPage(page).visit().open()

    choices = widget.of_kind("answer").locator(".buttons")
    expect(choices.get_by_role("link")).to_have_count(3)
    expect(choices.get_by_role("button")).to_have_text(["Trick", "Tell me more"])
    for link in choices.get_by_role("link").all():
        assert_large_enough_to_press(link)


def test_a_button_sends_its_payload_and_shows_its_title(page: Page):
    script_conversation(page, message(2, buttons=[{"title": "Tell me more", "payload": "/more"}]))
    widget = WidgetPage(page).visit().open()

    with page.expect_request("**/messages") as sent:
        widget.of_kind("answer").get_by_role("button", name="Tell me more").click()

    body = sent.value.post_data_json
    assert body
    assert body["payload"] == "/more"
    assert set(body) == {"client_id", "payload"}
    expect(widget.saying("Tell me more")).to_be_visible()


def test_markup_in_an_answer_is_shown_as_text(page: Page):
    text = "<img src=x onerror=alert(1)> & <b>bold</b>"
    script_conversation(page, message(2, text=text, sources=[{"title": "<i>t</i>", "url": None}]))
    widget = WidgetPage(page).visit().open()

    expect(widget.of_kind("answer").locator(".text")).to_have_text(text)
    expect(widget.of_kind("answer").locator("img, b, i")).to_have_count(0)


def test_a_source_without_a_web_address_is_plain_text(page: Page):
    sources = [
        {"title": "The clinic's page", "url": None},
        {"title": "A trick", "url": "javascript:alert(1)"},
        {"title": "A paper", "url": "https://doi.org/10.1038/mp.2017.255"},
    ]
    script_conversation(page, message(2, sources=sources))
    widget = WidgetPage(page).visit().open()

    expect(widget.of_kind("answer").locator(".sources li")).to_have_count(3)
    expect(widget.of_kind("answer").locator(".sources a")).to_have_count(1)


def test_line_breaks_of_an_answer_are_kept(page: Page):
    script_conversation(page, message(2, text="First.\n\nSecond."))
    widget = WidgetPage(page).visit().open()

    expect(widget.of_kind("answer").locator(".text")).to_have_css("white-space", "pre-line")


def test_staff_and_notices_are_labelled_as_such(page: Page):
    staff = message(2, role="staff", kind="handoff", text="Hello, I am reading along.")
    notice = message(3, role="notice", kind="handoff", text="A person has joined.")
    script_conversation(page, staff, notice)
    widget = WidgetPage(page).visit().open()

    expect(widget.by("staff").locator(".who")).to_have_text("Clinic staff")
    expect(widget.by("notice").locator(".who")).to_have_text("Notice")
