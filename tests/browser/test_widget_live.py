"""One conversation over reloads, tabs and broken lines."""

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Allowed
from tests.browser.widget_page import QUESTION, STORAGE_KEY, WidgetPage, message, script_conversation


def second_tab(context: BrowserContext, first: WidgetPage) -> WidgetPage:
    """The same conversation in another tab, as a browser's "duplicate tab" makes it."""
    second = WidgetPage(context.new_page()).visit()
    second.page.evaluate(
        "([key, kept]) => sessionStorage.setItem(key, JSON.stringify(kept))", [STORAGE_KEY, first.stored()]
    )
    second.page.reload()
    expect(second.input).to_be_enabled()
    return second


def test_a_reload_keeps_the_conversation_and_its_order(widget: WidgetPage):
    widget.open()
    widget.ask(QUESTION, kind="answer")
    before = widget.texts()

    widget.page.reload()

    expect(widget.of_kind("answer")).to_be_visible()
    expect(widget.input).to_be_enabled()
    assert widget.texts() == before


def test_a_chat_that_was_closed_stays_closed_after_a_reload(widget: WidgetPage):
    widget.open()
    widget.panel.get_by_role("button", name="Close").click()

    widget.page.reload()

    expect(widget.launcher).to_be_visible()
    expect(widget.panel).to_be_hidden()
    widget.open()
    expect(widget.of_kind("disclosure")).to_have_count(1)


def test_a_forgotten_conversation_is_replaced_at_reload(page: Page, allowed: Allowed, widget: WidgetPage):
    allowed.network_failures()
    kept = {"id": "gone", "token": "gone", "open": True}
    page.evaluate("([key, kept]) => sessionStorage.setItem(key, JSON.stringify(kept))", [STORAGE_KEY, kept])

    page.reload()

    expect(widget.of_kind("local")).to_contain_text("no longer available")
    expect(widget.of_kind("disclosure")).to_have_count(1)
    expect(widget.input).to_be_enabled()


def test_two_tabs_show_the_same_messages_in_the_same_order(context: BrowserContext, widget: WidgetPage):
    widget.open()
    other = second_tab(context, widget)

    widget.say("how does ketamine work?")
    other.say("what are the side effects?")
    for tab in (widget, other):
        expect(tab.by("visitor")).to_have_count(2)
        expect(tab.page.get_by_role("status")).to_have_text("")

    # Both turns are over where they were sent; the streams bring each tab what the other one saw.
    texts = [kept["text"] for kept in widget.kept_by_the_server()]
    assert len(texts) >= 5
    for tab in (widget, other):
        expect(tab.messages.locator(".text")).to_have_text(texts)
    ids = [int(node.get_attribute("data-id") or 0) for node in widget.messages.all()]
    assert ids == sorted(set(ids))


def test_what_was_said_while_a_tab_was_offline_arrives_afterwards(
    context: BrowserContext, allowed: Allowed, widget: WidgetPage
):
    allowed.network_failures()
    widget.open()
    other = second_tab(context, widget)
    lines = context.new_cdp_session(other.page)
    lines.send("Network.enable")
    lost = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    lines.send("Network.emulateNetworkConditions", lost)

    widget.ask(QUESTION, kind="answer")
    back = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    lines.send("Network.emulateNetworkConditions", back)

    expect(other.of_kind("answer")).to_have_count(1)
    expect(other.saying(QUESTION)).to_have_count(1)


def test_a_stream_that_repeats_itself_and_pings_shows_each_message_once(page: Page):
    script_conversation(page, message(5, text="five"))
    early = '{"id": 3, "role": "staff", "kind": "handoff", "text": "three"}'
    late = '{"id": 12, "role": "staff", "kind": "handoff", "text": "twelve"}'
    events = (
        ": a comment\r\n\r\n"
        "event: ping\r\ndata: not json\r\n\r\n"
        f"id: 12\r\nevent: message\r\ndata: {late}\r\n\r\n"
        f"id: 3\nevent: message\ndata: {early}\n\n"
        f"id: 12\nevent: message\ndata: {late}\n\n"
        "id: 13\nevent: message\ndata: {broken\n\n"
    )
    page.route("**/events", lambda route: route.fulfill(content_type="text/event-stream", body=events))
    widget = WidgetPage(page).visit().open()

    expect(widget.messages.locator(".text")).to_have_text(["I am an automated assistant.", "three", "five", "twelve"])


def test_the_stream_resumes_from_the_last_message_with_the_token_in_a_header(page: Page):
    script_conversation(page, message(7))
    widget = WidgetPage(page).visit()

    with page.expect_request("**/events") as opened:
        widget.open()

    assert opened.value.headers["last-event-id"] == "7"
    assert opened.value.headers["authorization"] == "Bearer scripted"
    assert "scripted" not in opened.value.url.split("/scripted/")[-1]


def test_a_closed_chat_says_how_much_is_new(context: BrowserContext, widget: WidgetPage):
    widget.open()
    other = second_tab(context, widget)
    other.panel.get_by_role("button", name="Close").click()

    widget.ask(QUESTION, kind="answer")

    expect(other.launcher).to_have_text(re.compile(r"Chat: \d+ new"))
    other.open()
    expect(other.of_kind("answer")).to_be_visible()


def test_staff_sign_with_first_name_and_title_and_notices_are_quiet_lines(page: Page):
    script_conversation(
        page,
        message(2, role="notice", kind="handoff", topic=None, text="A person at the clinic has seen the alert."),
        message(3, role="staff", kind="handoff", topic=None, text="Hello, I am Dana.", author="Dana, Nurse"),
    )
    widget = WidgetPage(page).visit().open()
    expect(widget.by("staff").locator(".who")).to_have_text("Dana, Nurse, Clinic staff")
    notice = widget.by("notice")
    expect(notice).to_contain_text("has seen the alert")
    expect(widget.log).to_have_attribute("aria-live", "polite")
    assert notice.evaluate("one => getComputedStyle(one).borderTopColor") == "rgba(0, 0, 0, 0)"
