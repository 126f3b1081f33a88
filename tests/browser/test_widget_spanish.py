"""Who writes Spanish reads everything that matters in Spanish, the widget's own words included."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Allowed
from tests.browser.widget_page import API, WidgetPage

CRISIS = "ya no quiero vivir, quiero morirme"
QUESTION = "¿cómo funciona la terapia con ketamina para la depresión?"


def test_after_a_crisis_in_spanish_the_numbers_and_the_labels_are_spanish(widget: WidgetPage, allowed: Allowed):
    widget.open()
    widget.ask(CRISIS, kind="crisis")
    resources = widget.page.get_by_role("group", name="Ayuda ahora mismo")
    expect(resources).to_contain_text("¿Emergencia?")
    expect(resources.locator('a[href="sms:988?body=AYUDA"]')).to_have_text("Enviar AYUDA al 988")
    expect(resources.locator('a[href="tel:911"]')).to_have_text("Llamar al 911")
    expect(widget.page.get_by_label("Su mensaje")).to_have_attribute("placeholder", "Escriba su pregunta")
    expect(widget.page.locator("lotus-guide")).to_have_attribute("lang", "es")
    expect(widget.of_kind("crisis").locator(".who")).to_have_text("Asistente de IA")
    expect(widget.saying(CRISIS).locator(".who")).to_have_text("Usted")

    allowed.network_failures()
    widget.page.route(API, lambda route: route.abort())  # the server is gone: the widget speaks for itself
    widget.page.get_by_label("Su mensaje").fill("¿hay alguien?")
    widget.page.get_by_role("button", name="Enviar", exact=True).click()
    notice = widget.of_kind("local").last
    expect(notice).to_contain_text("Puede que su mensaje no nos haya llegado")
    expect(notice.get_by_role("link", name="Enviar AYUDA al 988")).to_be_visible()


def test_an_ordinary_question_in_spanish_is_enough_and_english_words_bring_english_back(widget: WidgetPage):
    widget.open()
    widget.say(QUESTION)
    expect(widget.page.get_by_label("Su mensaje")).to_be_visible()
    widget.page.get_by_label("Su mensaje").fill("how long does one session take?")
    widget.page.get_by_role("button", name="Enviar", exact=True).click()
    expect(widget.input).to_have_attribute("placeholder", "Write your question")
    expect(widget.resources).to_contain_text(re.compile("Suicidal thoughts"))


def test_on_a_spanish_page_the_chat_begins_in_spanish(widget: WidgetPage):
    widget.page.route(
        "**/",
        lambda route: route.fulfill(
            content_type="text/html",
            body='<!doctype html><html lang="es-US"><title>x</title><script src="/widget.js" defer></script>',
        ),
    )
    widget.page.goto("/")
    widget.page.get_by_role("button", name="Preguntar a Lotus Guide").click()
    expect(widget.page.get_by_role("group", name="Ayuda ahora mismo")).to_be_visible()
    expect(widget.page.get_by_label("Su mensaje")).to_be_enabled()
