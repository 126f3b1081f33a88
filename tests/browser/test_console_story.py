"""Two windows: a visitor in the chat, staff at the console."""

import re

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.console_page import ConsolePage
from tests.browser.widget_page import CRISIS, QUESTION, WidgetPage
from tests.staff import ADMIN, TRAINED, Team
from tests.visitor import Visitor

SPANISH_CRISIS = "me quiero morir"


@pytest.fixture
def crisis(widget: WidgetPage, team: Team) -> str:
    """The visitor of the first window is in danger; the escalation's id."""
    widget.open()
    widget.ask(CRISIS, kind="crisis")
    kept = widget.stored()
    assert kept
    return team.escalation_of(kept["id"])


def test_the_whole_story_from_a_crisis_message_to_the_close(widget: WidgetPage, console: ConsolePage, team: Team):
    console.sign_in(TRAINED)
    widget.open()
    widget.ask(CRISIS, kind="crisis")
    expect(widget.resources.locator('a[href="tel:988"]')).to_be_visible()
    kept = widget.stored()
    assert kept
    escalation = team.escalation_of(kept["id"])

    row = console.row(escalation)  # without loading the page again
    expect(row).to_contain_text("Suicide")
    expect(row).to_contain_text("Nobody has it")
    expect(console.page).to_have_title(re.compile(r"^(?:! )?\(\d+\) Queue"))
    row.get_by_role("link").click()
    console.when_live()
    expect(console.thread.locator("mark").first).to_be_visible()
    assert console.thread.locator("mark").first.inner_text() in CRISIS

    console.take()
    expect(widget.by("notice").last).to_contain_text("Sam, APRN, from the clinic has joined this chat")
    expect(widget.panel.get_by_text("A person from the clinic is in this chat")).to_be_visible()

    console.write("Hello, I am Sam. Are you safe where you are?")
    said = widget.by("staff").last
    expect(said).to_contain_text("Are you safe where you are?")
    expect(said.locator(".who")).to_have_text("Sam, APRN, Clinic staff")
    widget.say("i am at home with my sister")
    expect(console.thread.locator(".message.visitor").last).to_contain_text("i am at home with my sister")
    assert widget.of_kind("fallback").count() == 0

    console.close("Talked; safe for now, next steps agreed")
    expect(widget.by("notice").last).to_contain_text("Sam from the clinic has left this chat")
    expect(widget.panel.get_by_text("AI assistant", exact=True).first).to_be_visible()
    widget.say(QUESTION)
    answer = widget.of_kind("answer").last
    expect(answer).to_be_visible()
    expect(answer.get_by_role("link", name="Read more in the library")).to_have_count(0)
    expect(answer.get_by_role("button", name=re.compile("call", re.IGNORECASE))).to_have_count(0)
    expect(widget.resources.locator('a[href="tel:988"]')).to_be_visible()


def test_in_spanish_the_reply_the_notice_and_the_ready_sentences_are_spanish(
    widget: WidgetPage, console: ConsolePage, team: Team
):
    widget.open()
    reply = widget.ask(SPANISH_CRISIS, kind="crisis")
    expect(reply).to_contain_text("AYUDA")
    kept = widget.stored()
    assert kept
    console.sign_in(TRAINED).open(team.escalation_of(kept["id"])).take()
    expect(console.standing).to_contain_text("Spanish")
    expect(widget.by("notice").last).to_contain_text("Sam, APRN, de la clínica ha entrado en este chat")
    console.page.get_by_text("Ready sentences").click()
    console.page.get_by_role("button", name="Use “988” in Spanish").click()
    expect(console.text).to_have_value(re.compile("AYUDA"))
    console.page.get_by_role("button", name="Send").click()
    expect(widget.by("staff").last).to_contain_text("AYUDA")
    console.close("Connected with 988")


def test_typing_shows_on_the_other_side_and_ends_with_the_message(
    widget: WidgetPage, console: ConsolePage, crisis: str
):
    console.sign_in(TRAINED).open(crisis).take()
    expect(widget.panel.get_by_text("A person from the clinic is in this chat")).to_be_visible()
    console.text.press_sequentially("I am h")
    expect(widget.page.locator("lotus-guide .typing")).to_have_text("A person from the clinic is typing…")
    console.write("I am here")
    expect(widget.page.locator("lotus-guide .typing")).to_have_text("")
    widget.input.press_sequentially("tha")
    expect(console.typing).to_have_text("The visitor is typing…")
    widget.say("thank you")
    expect(console.typing).to_have_text("")
    console.close("Reached by phone")


def test_before_anybody_has_the_chat_no_typing_leaves_the_page(widget: WidgetPage, console: ConsolePage, crisis: str):
    sent: list[str] = []
    widget.page.on("request", lambda request: sent.append(request.url) if "/typing" in request.url else None)
    widget.input.press_sequentially("hello")
    console.sign_in(TRAINED).open(crisis)
    assert sent == []


def test_handed_back_the_assistant_answers_and_the_queue_has_it_again(
    widget: WidgetPage, console: ConsolePage, crisis: str
):
    console.sign_in(TRAINED).open(crisis).take()
    console.page.get_by_text("Hand back to the queue").click()
    console.page.get_by_role("button", name="Hand back", exact=True).click()
    expect(console.standing).to_contain_text("Nobody has it")
    expect(widget.by("notice").last).to_contain_text("I'm trying to reach clinic staff again")
    expect(widget.by("notice").last.locator('a[href="tel:988"]')).to_be_visible()
    console.page.goto("/console")
    expect(console.row(crisis)).to_contain_text("Nobody has it")


def test_the_other_sees_who_has_it(console: ConsolePage, crisis: str, context: BrowserContext):
    other = ConsolePage(context.new_page()).sign_in(ADMIN).open(crisis)
    console.sign_in(TRAINED).open(crisis).take()
    expect(other.standing).to_contain_text("Sam has it")
    expect(other.page.get_by_role("button", name="Take this chat")).to_have_count(0)
    console.close("Reached by phone")
    expect(other.standing).to_contain_text("Closed")


def test_seen_is_told_to_the_visitor_and_stops_being_open(widget: WidgetPage, console: ConsolePage, crisis: str):
    console.sign_in(TRAINED).open(crisis)
    console.page.get_by_role("button", name="I have seen it").click()
    expect(console.standing).to_contain_text("Seen, nobody has joined")
    expect(widget.by("notice").last).to_contain_text("They have not joined this chat")


def test_a_follow_up_and_a_severity_show_in_the_queue(console: ConsolePage, crisis: str):
    console.sign_in(TRAINED).open(crisis)
    console.page.get_by_text("Visitor has gone: follow up").click()
    console.page.get_by_role("button", name="In 4 h").click()
    expect(console.standing).to_contain_text("Follow up by")
    console.page.get_by_text("Raise or lower the severity").click()
    console.page.get_by_label("Severity").select_option("concern")
    console.page.get_by_role("button", name="Change").click()
    console.page.goto("/console")
    expect(console.row(crisis)).to_contain_text("Concern")
    expect(console.row(crisis)).to_contain_text("Follow up by")


def test_new_ones_are_announced_and_sounded_only_where_that_is_switched_on(console: ConsolePage, site: str, team: Team):
    console.page.add_init_script(
        "window.rung = 0; const start = OscillatorNode.prototype.start;"
        "OscillatorNode.prototype.start = function (...at) { window.rung++; return start.apply(this, at); };"
    )
    console.sign_in(TRAINED)
    switch = console.page.get_by_role("switch", name="Sound for new ones")
    expect(switch).to_have_attribute("aria-checked", "false")
    with Visitor(site) as first:
        first.say(CRISIS)
        expect(console.row(team.escalation_of(first.id))).to_be_visible()
        expect(console.page.locator("#announce")).to_contain_text("New in the queue")
        assert console.page.evaluate("window.rung") == 0
        switch.click()
        expect(switch).to_have_attribute("aria-checked", "true")
        tried = console.page.evaluate("window.rung")  # switching it on lets it be heard once
        assert tried > 0
    with Visitor(site) as second:
        second.say(CRISIS)
        expect(console.row(team.escalation_of(second.id))).to_be_visible()
        assert console.page.evaluate("window.rung") > tried


def test_without_a_stream_the_queue_is_asked_for(console: ConsolePage, site: str, team: Team, allowed):
    allowed.network_failures()
    console.page.route("**/console/events", lambda route: route.abort())
    console.page.clock.install()
    console.page.goto("/console/sign-in")
    console.page.get_by_label("Email").fill(TRAINED.email)
    console.page.get_by_label("Password").fill("correct battery 42 staple")
    console.page.get_by_role("button", name="Sign in").click()
    expect(console.live).to_contain_text("Not live")
    with Visitor(site) as visitor:
        visitor.say(CRISIS)
        console.page.clock.run_for(11_000)
        expect(console.row(team.escalation_of(visitor.id))).to_be_visible()


def test_who_was_signed_out_reads_so(console: ConsolePage, team: Team, crisis: str, allowed):
    allowed.network_failures()
    console.sign_in(TRAINED).open(crisis)
    other = console.page.context.new_page()
    other.goto("/console")
    other.get_by_role("button", name="Sign out").click()
    expect(console.page.get_by_role("alert").filter(has_text="You are signed out")).to_be_visible()


def test_it_works_without_scripts(browser, site: str, team: Team, crisis: str):
    plain = browser.new_context(base_url=site, java_script_enabled=False)
    page = plain.new_page()
    page.goto("/console/sign-in")
    page.get_by_label("Email").fill(TRAINED.email)
    page.get_by_label("Password").fill("correct battery 42 staple")
    page.get_by_role("button", name="Sign in").click()
    page.locator(f"#row-{crisis}").click()
    page.get_by_role("button", name="Take this chat").click()
    page.get_by_label("Write to the visitor").fill("Without scripts")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("log", name="Messages")).to_contain_text("Without scripts")
    page.get_by_text("Close with a reason").click()
    page.get_by_label("Reason").select_option(label="Reached by phone")
    page.get_by_role("button", name="Close the handoff").click()
    expect(page.get_by_text("Closed", exact=True)).to_be_visible()
    plain.close()
