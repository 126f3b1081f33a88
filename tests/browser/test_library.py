"""The library as a reader sees it, and the way to it from the chat."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from cli.scratch import free_port, running
from tests.browser.conftest import Allowed
from tests.browser.widget_page import WidgetPage, assert_large_enough_to_press, message, script_conversation

NARROW = {"viewport": {"width": 360, "height": 740}}
PATHS = ["/library", "/library?q=bladder", "/library?q=xylophone", "/library/bladder", "/library/crisis_resources"]
MISSING = "/library/no_such_topic"
SCHEMES = pytest.mark.parametrize(
    "context_options",
    [
        {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
        {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
        NARROW | {"color_scheme": "light"},
    ],
    ids=["light", "dark", "narrow"],
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Only `web`: the library needs nothing else."""
    nowhere = {"LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}"}
    with running(tmp_path_factory.mktemp("library"), "web", wait_for="/healthz", **nowhere) as alone:
        yield alone.url


def field_of(page: Page) -> Locator:
    return page.get_by_role("searchbox", name="Search the library")


def topics_of(page: Page) -> Locator:
    return page.locator("#topics .topics a")


class TestSearch:
    def test_typing_filters_the_topics(self, page: Page):
        page.goto("/library")
        field_of(page).press_sequentially("bladd")

        expect(topics_of(page).first).to_have_text("Bladder and urinary effects")
        expect(page.get_by_role("heading", name="The clinic and this chat")).to_have_count(0)
        expect(page.get_by_role("status")).to_contain_text("topics for “bladd”")
        expect(field_of(page)).to_be_focused()

    def test_emptying_the_field_brings_all_topics_back(self, page: Page):
        page.goto("/library?q=bladder")
        field_of(page).fill("")

        expect(page.get_by_role("heading", name="The clinic and this chat")).to_be_visible()

    def test_the_back_button_returns_to_what_was_found(self, page: Page):
        page.goto("/library")
        field_of(page).press_sequentially("driv")
        expect(page.get_by_role("status")).to_contain_text("“driv”")
        topics_of(page).filter(has_text="Driving and getting home").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Driving and getting home")
        page.go_back()

        expect(page).to_have_url(re.compile(r"/library\?q=driv$"))
        expect(topics_of(page).first).to_have_text("Driving and getting home")

    def test_typed_words_that_show_risk_bring_988_onto_the_page(self, page: Page):
        page.goto("/library")
        field_of(page).press_sequentially("i want to die")

        expect(
            page.get_by_role("region", name="Help right now").get_by_role("link", name="Call 988")
        ).to_be_in_viewport()

    def test_typed_markup_stays_text(self, page: Page):
        page.goto("/library")
        field_of(page).fill("<img src=x onerror=alert(1)>")

        expect(page.get_by_role("status")).to_contain_text("<img src=x onerror=alert(1)>")
        expect(page.locator("main img")).to_have_count(0)

    def test_without_the_network_the_list_stays(self, page: Page, allowed: Allowed):
        allowed.network_failures()
        page.goto("/library")
        page.route("**/library?q=*", lambda route: route.abort())
        with page.expect_event("requestfailed"):
            field_of(page).fill("bladder")

        expect(page.get_by_role("heading", name="The clinic and this chat")).to_be_visible()

    @pytest.mark.parametrize("context_options", [{"java_script_enabled": False}])
    def test_it_works_without_javascript(self, page: Page, context_options: dict):
        page.goto("/library")
        field_of(page).fill("bladder")
        page.get_by_role("button", name="Search").click()

        expect(topics_of(page).first).to_have_text("Bladder and urinary effects")


class TestKeyboard:
    def test_the_first_tab_stop_skips_to_the_text(self, page: Page):
        page.goto("/library/bladder")
        page.keyboard.press("Tab")

        expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()

    def test_a_topic_is_found_and_opened_by_keyboard(self, page: Page):
        page.goto("/library")
        field_of(page).focus()
        page.keyboard.type("bladder")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"/library\?q=bladder$"))
        topics_of(page).first.focus()
        page.keyboard.press("Enter")

        expect(page.get_by_role("heading", level=1)).to_have_text("Bladder and urinary effects")

    def test_the_focus_is_visible(self, page: Page):
        page.goto("/library")
        for _ in range(5):
            page.keyboard.press("Tab")

        expect(field_of(page)).to_be_focused()
        expect(field_of(page)).to_have_css("outline-style", "solid")


class TestLayout:
    @pytest.mark.parametrize("context_options", [NARROW, {"viewport": {"width": 320, "height": 256}}])
    @pytest.mark.parametrize("path", PATHS)
    def test_nothing_scrolls_sideways(self, page: Page, context_options: dict, path: str):
        page.goto(path)

        assert page.evaluate("document.documentElement.scrollWidth") <= context_options["viewport"]["width"]

    @pytest.mark.parametrize("context_options", [NARROW])
    def test_on_a_phone_the_numbers_of_a_page_on_suicidality_are_seen_at_once(self, page: Page, context_options: dict):
        page.goto("/library/suicidal_ideation_evidence")
        for name in ("Call 988", "Text 988", "Call 911"):
            link = page.locator("main").get_by_role("link", name=name)
            expect(link).to_be_in_viewport(ratio=1)
            assert_large_enough_to_press(link)


class TestPrint:
    def test_sources_print_with_their_addresses(self, page: Page):
        page.goto("/library/bladder")
        page.emulate_media(media="print")
        link = page.locator(".sources a").first
        printed = link.evaluate("link => getComputedStyle(link, '::after').content")

        assert printed == f'" ({link.get_attribute("href")})"'

    def test_what_only_leads_elsewhere_is_not_printed(self, page: Page):
        page.goto("/library/bladder")
        page.emulate_media(media="print")

        for part in (".breadcrumb", ".related", ".onward", ".contact", "lotus-guide .launcher"):
            expect(page.locator(part)).to_be_hidden()
        for part in ("article", "footer", ".review"):
            expect(page.locator(part)).to_be_visible()

    @pytest.mark.parametrize("context_options", [{"color_scheme": "dark"}])
    def test_dark_mode_prints_black_on_white(self, page: Page, context_options: dict):
        page.goto("/library/bladder")
        page.emulate_media(media="print")

        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(page.locator("body")).to_have_css("color", "rgb(0, 0, 0)")


@SCHEMES
@pytest.mark.parametrize("path", [*PATHS, MISSING])
def test_axe_finds_nothing(page: Page, allowed: Allowed, context_options: dict, path: str):
    allowed.network_failures()  # Chromium reports the 404 of the page that is missing
    page.goto(path)
    results = Axe().run(page)

    assert results.violations_count == 0, results.generate_report()


class TestFromTheChat:
    def test_an_answer_links_to_its_page_in_a_new_tab(self, page: Page, context: BrowserContext):
        script_conversation(page, message(2, topic="bladder"))
        widget = WidgetPage(page).visit().open()
        link = widget.of_kind("answer").get_by_role("link", name="Read more in the library")
        assert_large_enough_to_press(link)
        with context.expect_page() as opened:
            link.click()

        expect(opened.value.get_by_role("heading", level=1)).to_have_text("Bladder and urinary effects")
        assert opened.value.evaluate("window.opener") is None
        expect(widget.panel).to_be_visible()

    def test_a_fallback_links_to_the_whole_library(self, page: Page, site: str):
        script_conversation(page, message(2, kind="fallback", topic=None))
        widget = WidgetPage(page).visit().open()

        link = widget.of_kind("fallback").get_by_role("link", name="Look in the library")
        expect(link).to_have_attribute("href", f"{site}/library")

    def test_other_replies_have_no_library_link(self, page: Page):
        kinds = ["clarify", "smalltalk", "boundary", "booking", "handoff", "safe_text"]
        script_conversation(page, *(message(2 + at, kind=kind) for at, kind in enumerate(kinds)))
        widget = WidgetPage(page).visit().open()

        expect(widget.of_kind("safe_text")).to_be_visible()
        expect(page.locator("lotus-guide .library")).to_have_count(0)

    def test_after_a_crisis_reply_the_chat_offers_no_library_link(self, page: Page):
        before, crisis = message(2, topic="bladder"), message(3, kind="crisis", topic=None)
        script_conversation(page, before, crisis, message(4, topic="memory_cognition"))
        widget = WidgetPage(page).visit().open()

        expect(widget.of_kind("answer")).to_have_count(2)
        expect(widget.of_kind("answer").first.locator(".library")).to_have_count(1)
        expect(widget.of_kind("answer").last.locator(".library")).to_have_count(0)


class TestToTheChat:
    def test_a_link_to_the_assistant_opens_the_chat_on_the_same_page(self, page: Page):
        page.goto("/library/bladder")
        page.locator("main").get_by_role("link", name="Ask the assistant").click()

        expect(page.get_by_role("dialog", name="Lotus Guide")).to_be_visible()
        expect(page).to_have_url(re.compile("/library/bladder$"))

    def test_a_chat_left_open_does_not_cover_the_next_page(self, page: Page):
        page.goto("/library/bladder")
        page.locator("main").get_by_role("link", name="Ask the assistant").click()
        expect(page.get_by_role("dialog", name="Lotus Guide").get_by_role("textbox")).to_be_visible()
        page.goto("/library/onset")

        expect(page.get_by_role("button", name="Ask Lotus Guide")).to_be_visible()
        expect(page.get_by_role("dialog", name="Lotus Guide")).to_be_hidden()

    def test_such_a_link_from_another_page_opens_it_at_load(self, page: Page):
        page.goto("/#lotus-guide")

        expect(page.get_by_role("dialog", name="Lotus Guide")).to_be_visible()

    def test_the_demo_page_leads_to_the_library(self, widget: WidgetPage):
        widget.page.get_by_role("banner").get_by_role("link", name="Library").click()

        expect(widget.page.get_by_role("heading", level=1)).to_have_text("Ketamine therapy, topic by topic")
