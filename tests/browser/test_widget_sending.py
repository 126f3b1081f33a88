"""Sending: once, in order, and never lost without a word."""

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.browser.conftest import Allowed
from tests.browser.widget_page import (
    POST_MESSAGE,
    QUESTION,
    WidgetPage,
    fail_with,
    message,
    script_conversation,
    send_events,
)


@pytest.fixture
def posted(page: Page) -> list[Request]:
    """Every message this page posted."""
    requests: list[Request] = []
    page.on(
        "request",
        lambda request: (
            requests.append(request) if request.method == "POST" and request.url.endswith("/messages") else None
        ),
    )
    return requests


def client_ids(posted: list[Request]) -> set[str]:
    return {request.post_data_json["client_id"] for request in posted if request.post_data_json}


def on_post(handle):
    """Only the POST: reading the messages back goes on as usual."""
    return lambda route: handle(route) if route.request.method == "POST" else route.fallback()


def test_five_quick_double_clicks_on_send_make_one_message(posted: list[Request], widget: WidgetPage):
    widget.open()
    widget.input.fill(QUESTION)

    for _ in range(5):
        widget.send_button.dblclick()

    expect(widget.of_kind("answer")).to_have_count(1)
    expect(widget.saying(QUESTION)).to_have_count(1)
    assert len(posted) == 1


def test_enter_sends_and_shift_enter_starts_a_line(posted: list[Request], widget: WidgetPage):
    widget.open()
    widget.input.press_sequentially("how does ketamine")
    widget.input.press("Shift+Enter")
    widget.input.press_sequentially("work?")
    assert not posted

    widget.input.press("Enter")

    expect(widget.of_kind("answer")).to_be_visible()
    assert [request.post_data_json["text"] for request in posted if request.post_data_json] == [
        "how does ketamine\nwork?"
    ]
    expect(widget.input).to_have_value("")


def test_enter_that_ends_a_composition_sends_nothing(posted: list[Request], widget: WidgetPage):
    widget.open()
    widget.input.fill("こんにちは")

    widget.input.dispatch_event("keydown", {"key": "Enter", "isComposing": True})

    expect(widget.input).to_have_value("こんにちは")
    assert not posted


def test_blank_text_is_not_sent(posted: list[Request], widget: WidgetPage):
    widget.open()

    widget.say("  \n ")

    expect(widget.by("visitor")).to_have_count(0)
    assert not posted


def test_the_own_words_appear_at_once_and_the_assistant_is_said_to_write(page: Page, widget: WidgetPage):
    held: list[Route] = []
    page.route(POST_MESSAGE, on_post(held.append))
    widget.open()

    with page.expect_request(POST_MESSAGE):
        widget.say(QUESTION)
    expect(widget.saying(QUESTION)).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("AI assistant is writing…")

    held[0].continue_()
    expect(widget.of_kind("answer")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("")
    expect(widget.saying(QUESTION)).to_have_count(1)


def test_a_counter_appears_near_the_limit(widget: WidgetPage):
    widget.open()
    widget.input.fill("a" * 1700)
    expect(widget.panel.locator(".counter")).to_be_hidden()

    widget.input.fill("a" * 1990)

    expect(widget.panel.locator(".counter")).to_have_text("10 characters left")
    expect(widget.input).to_have_attribute("maxlength", "2000")


def test_going_offline_and_online_again_loses_nothing(context: BrowserContext, allowed: Allowed, widget: WidgetPage):
    allowed.network_failures()
    widget.open()

    context.set_offline(True)
    widget.say(QUESTION)
    notice = widget.of_kind("local")
    expect(notice).to_be_visible()
    expect(notice.locator('a[href="tel:988"]')).to_be_visible()
    expect(widget.saying(QUESTION)).to_contain_text("Not sent")
    context.set_offline(False)

    expect(widget.of_kind("answer")).to_have_count(1)
    expect(widget.saying(QUESTION)).to_have_count(1)
    expect(notice).to_have_count(0)


@pytest.mark.parametrize("status", [500, 503])
def test_send_again_after_a_server_error_uses_the_same_client_id(
    page: Page, allowed: Allowed, posted: list[Request], widget: WidgetPage, status: int
):
    allowed.network_failures()
    page.route(POST_MESSAGE, on_post(fail_with(status, "broken", "x")))
    widget.open()
    widget.say(QUESTION)
    expect(widget.of_kind("local")).to_be_visible()
    page.unroute(POST_MESSAGE)

    widget.of_kind("local").get_by_role("button", name="Send again").click()

    expect(widget.of_kind("answer")).to_have_count(1)
    expect(widget.of_kind("local")).to_have_count(0)
    expect(widget.saying(QUESTION)).to_have_count(1)
    assert len(posted) == 2
    assert len(client_ids(posted)) == 1


def test_an_answer_lost_on_its_way_is_not_doubled(
    page: Page, allowed: Allowed, posted: list[Request], widget: WidgetPage
):
    """The server took the message, but the answer to the POST never arrived: the stream brings it."""
    allowed.network_failures()

    def take_and_drop(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route(POST_MESSAGE, on_post(take_and_drop), times=1)
    widget.open()

    widget.say(QUESTION)

    expect(widget.of_kind("answer")).to_have_count(1)
    expect(widget.saying(QUESTION)).to_have_count(1)


def test_no_answer_in_ten_seconds_shows_the_numbers(page: Page, widget: WidgetPage):
    page.clock.install()
    page.route(POST_MESSAGE, on_post(lambda route: None))
    widget.visit().open()
    with page.expect_request(POST_MESSAGE):
        widget.say(QUESTION)

    page.clock.fast_forward(10_100)

    expect(widget.of_kind("local").get_by_role("button", name="Send again")).to_be_visible()
    expect(widget.of_kind("local").locator('a[href="tel:911"]')).to_be_visible()


def test_an_answer_that_came_by_the_stream_needs_no_notice(page: Page, widget: WidgetPage):
    """The server answered, but the POST itself hangs until its time is up."""
    page.clock.install()
    page.route(POST_MESSAGE, on_post(lambda route: route.fetch() and None))
    widget.visit().open()
    widget.ask(QUESTION, kind="answer")
    expect(page.get_by_role("status")).to_have_text("")

    page.clock.fast_forward(10_100)

    expect(widget.send_button).to_be_enabled()
    expect(widget.of_kind("local")).to_have_count(0)
    expect(widget.saying(QUESTION)).to_have_count(1)


def test_a_reply_to_another_message_does_not_hide_that_an_answer_is_missing(page: Page):
    """Two messages wait, one reply comes: nobody can tell whose it is, so both say that they wait."""
    page.clock.install()
    script_conversation(page)
    widget = WidgetPage(page).visit().open()
    page.route(POST_MESSAGE, lambda route: None)
    widget.say("one")
    widget.say("two")
    arrived = [
        message(2, role="visitor", kind="message", text="one"),
        message(3, role="visitor", kind="message", text="two"),
        message(4, text="An answer to one of them."),
    ]
    page.route("**/events", send_events(arrived))
    page.clock.fast_forward(1_000)  # the scripted stream has ended; the widget comes back for more
    expect(widget.of_kind("answer")).to_be_visible()

    page.clock.fast_forward(10_000)

    expect(widget.of_kind("local").get_by_role("button", name="Send again")).to_have_count(2)
    expect(widget.by("visitor")).to_have_count(2)


def test_replies_that_could_not_be_stored_are_shown_without_ids(page: Page):
    """A server without its database answers a crisis with null ids; the stored copy comes much later."""

    def answer(route: Route) -> None:
        asked = route.request.post_data_json
        assert asked
        own = message(0, id=None, role="visitor", kind=None, text=asked["text"], client_id=asked["client_id"])
        taken.append(own | {"id": 10 + len(taken)})
        reply = message(0, id=None, kind="crisis", text=f"Help for: {asked['text']}")
        route.fulfill(json={"messages": [own, reply]})

    taken: list[dict] = []
    page.clock.install()
    script_conversation(page)
    page.route(POST_MESSAGE, answer)
    widget = WidgetPage(page).visit().open()
    widget.say("one")
    expect(widget.of_kind("crisis")).to_have_count(1)
    widget.say("two")
    expect(widget.of_kind("crisis")).to_have_count(2)
    expect(widget.of_kind("local")).to_have_count(0)
    in_order = ["I am an automated assistant.", "one", "Help for: one", "two", "Help for: two"]
    expect(widget.messages.locator(".text")).to_have_text(in_order)

    page.route("**/events", send_events([*taken, message(20, text="Later.")]))
    page.clock.fast_forward(16_000)  # longer than any wait before the stream is opened again

    expect(widget.messages.locator(".text")).to_have_text([*in_order, "Later."])


def test_too_many_messages_keeps_the_text_and_says_wait(page: Page, allowed: Allowed, widget: WidgetPage):
    allowed.network_failures()
    page.route(POST_MESSAGE, on_post(fail_with(429, "too_many", "Please wait a moment.")))
    widget.open()

    widget.say(QUESTION)

    expect(widget.of_kind("local")).to_contain_text("Please wait a moment.")
    expect(widget.of_kind("local").get_by_role("button", name="Send again")).to_be_visible()
    expect(widget.saying(QUESTION)).to_be_visible()


def test_a_refused_message_shows_the_servers_words_and_gives_the_text_back(
    page: Page, allowed: Allowed, widget: WidgetPage
):
    allowed.network_failures()
    page.route(POST_MESSAGE, on_post(fail_with(422, "unreadable", "This message cannot be read.")))
    widget.open()

    widget.say(QUESTION)

    expect(widget.of_kind("local")).to_contain_text("This message cannot be read.")
    expect(widget.of_kind("local").locator('a[href="tel:988"]')).to_be_visible()
    expect(widget.input).to_have_value(QUESTION)


@pytest.mark.parametrize("status", [401, 404])
def test_a_conversation_the_server_forgot_is_replaced_and_the_text_given_back(
    page: Page, allowed: Allowed, widget: WidgetPage, status: int
):
    allowed.network_failures()
    page.route(POST_MESSAGE, on_post(fail_with(status, "unknown", "Unknown.")), times=1)
    widget.open()
    before = widget.stored()

    widget.say(QUESTION)

    expect(widget.of_kind("local")).to_contain_text("a new one starts")
    expect(widget.input).to_have_value(QUESTION)
    expect(widget.input).to_be_enabled()
    after = widget.stored()
    assert before
    assert after
    assert before["id"] != after["id"]
