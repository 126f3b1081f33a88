"""Small screens, high zoom and the reader's own display settings."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.widget_page import CRISIS, QUESTION, WidgetPage, assert_large_enough_to_press

NARROW = {"viewport": {"width": 320, "height": 568}}
ZOOMED = {"viewport": {"width": 320, "height": 256}}  # 1280 x 1024 at 400 %
SIDEWAYS = {"viewport": {"width": 667, "height": 375}}
EVERYWHERE = pytest.mark.parametrize(
    "context_options", [NARROW, ZOOMED, SIDEWAYS], ids=["320px", "400-percent", "sideways"]
)


def sideways_scroll(page: Page) -> list[str]:
    """What is wider than the room it has: the page, or a part of the chat."""
    return page.evaluate(
        """() => {
          const root = document.querySelector("lotus-guide").shadowRoot;
          return [document.documentElement, ...root.querySelectorAll(".frame, .frame > *, .message, .row")]
            .filter((box) => box.scrollWidth > box.clientWidth + 1 && box.clientWidth > 0)
            .map((box) => box.className || box.tagName);
        }"""
    )


@EVERYWHERE
def test_nothing_scrolls_sideways(widget: WidgetPage, context_options: dict):
    assert sideways_scroll(widget.page) == []
    widget.open()
    widget.ask(QUESTION, kind="answer")
    widget.ask(CRISIS, kind="crisis")
    widget.panel.get_by_role("button", name="Clear chat").click()

    assert sideways_scroll(widget.page) == []


@EVERYWHERE
def test_the_numbers_and_the_text_field_stay_in_view_after_a_long_answer(widget: WidgetPage, context_options: dict):
    widget.open()
    widget.ask(QUESTION, kind="answer")

    for href in ("tel:911", "tel:988", "sms:988", "tel:+13852724292"):
        link = widget.resources.locator(f'a[href="{href}"]')
        expect(link).to_be_in_viewport(ratio=1)
        assert_large_enough_to_press(link)
    expect(widget.input).to_be_in_viewport(ratio=1)
    expect(widget.send_button).to_be_in_viewport(ratio=1)


@EVERYWHERE
def test_every_control_can_be_brought_into_view(widget: WidgetPage, context_options: dict):
    widget.open()
    widget.ask(QUESTION, kind="answer")

    for name in ("Leave quickly", "Clear chat", "Close"):
        button = widget.panel.get_by_role("button", name=name)
        button.scroll_into_view_if_needed()
        expect(button).to_be_in_viewport(ratio=1)
    widget.panel.get_by_role("button", name="Clear chat").click()
    expect(widget.panel.get_by_role("button", name="Yes, clear")).to_be_in_viewport(ratio=1)


@EVERYWHERE
def test_a_reply_is_read_from_its_beginning(widget: WidgetPage, context_options: dict):
    widget.open()

    reply = widget.ask(CRISIS, kind="crisis")

    expect(reply.locator(".who")).to_be_in_viewport(ratio=1)
    bar, first_line = widget.resources.bounding_box(), reply.locator(".who").bounding_box()
    assert bar
    assert first_line
    assert first_line["y"] >= bar["y"] + bar["height"]


@pytest.mark.parametrize("context_options", [{"viewport": {"width": 375, "height": 667}, "reduced_motion": "reduce"}])
def test_below_480_pixels_the_panel_fills_the_screen(widget: WidgetPage, context_options: dict):
    widget.open()

    assert widget.panel.bounding_box() == {"x": 0, "y": 0, "width": 375, "height": 667}


@pytest.mark.parametrize("context_options", [{"reduced_motion": "reduce"}])
def test_reduced_motion_means_no_animation(widget: WidgetPage, context_options: dict):
    widget.open()

    expect(widget.panel).to_have_css("animation-name", "none")


@pytest.mark.parametrize("context_options", [{"forced_colors": "active"}])
def test_forced_colours_keep_the_urgent_border(widget: WidgetPage, context_options: dict):
    widget.open()

    reply = widget.ask(CRISIS, kind="crisis")

    expect(reply).to_have_css("border-top-width", "4px")


def test_the_page_cannot_restyle_the_chat(widget: WidgetPage):
    widget.page.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync("html, * { font-size: 5px; letter-spacing: 9px; text-transform: uppercase }");
          document.adoptedStyleSheets = [sheet];
        }"""
    )
    widget.open()

    text = widget.of_kind("disclosure").locator(".text")
    expect(text).to_have_css("font-size", "15px")
    expect(text).to_have_css("letter-spacing", "normal")
