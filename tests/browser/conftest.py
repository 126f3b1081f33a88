"""A real Chromium against the real service. Every test gets a fresh page that refuses silent trouble."""

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser.console_page import ConsolePage
from tests.browser.widget_page import WidgetPage
from tests.staff import Team

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NETWORK_FAILURE = r"Failed to load resource|net::ERR_"


@dataclass
class Allowed:
    """What a test expects to go wrong: patterns of console errors, and origins beyond the site's own."""

    console: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)

    def network_failures(self) -> None:
        """Chromium itself writes a console error for each failed request."""
        self.console.append(NETWORK_FAILURE)


def find_chromium() -> str | None:
    """Path of a Chromium, or None for Playwright's own."""
    named = os.environ.get("LOTUS_CHROMIUM")
    if named:
        return named
    if Path("/usr/bin/chromium").exists():
        return "/usr/bin/chromium"
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for path in map(shutil.which, names) if path), None)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGS)
    # 15 s: a cold first answer passes through Rasa on a shared two-core machine
    expect.set_options(timeout=15_000)
    yield launched
    launched.close()


@pytest.fixture
def allowed() -> Allowed:
    return Allowed()


@pytest.fixture
def context_options() -> dict:
    """Options of the browser context; a test changes them by parametrising this fixture."""
    return {"viewport": {"width": 1280, "height": 860}}


@contextlib.contextmanager
def watched(browser: Browser, site: str, allowed: Allowed, options: dict) -> Iterator[BrowserContext]:
    """A fresh context that fails its test on requests to elsewhere, console errors and CSP violations."""
    opened = browser.new_context(base_url=site, **options)
    opened.set_default_timeout(15_000)
    problems: list[str] = []
    home = origin_of(site)

    def on_request(request) -> None:
        origin = origin_of(request.url)
        if origin and origin != home and origin not in allowed.origins:
            problems.append(f"request to {request.url}")

    def on_console(message) -> None:
        expected = any(re.search(pattern, message.text) for pattern in allowed.console)
        if message.type == "error" and not expected:
            problems.append(f"console: {message.text}")

    opened.on("request", on_request)
    opened.on("console", on_console)
    opened.on("weberror", lambda error: problems.append(f"uncaught: {error.error}"))
    yield opened
    opened.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def context(browser: Browser, site: str, allowed: Allowed, context_options: dict) -> Iterator[BrowserContext]:
    with watched(browser, site, allowed, context_options) as opened:
        yield opened


@pytest.fixture
def staff_context(browser: Browser, site: str, allowed: Allowed, context_options: dict) -> Iterator[BrowserContext]:
    """A second browser, for whoever sits at the clinic."""
    with watched(browser, site, allowed, context_options) as opened:
        yield opened


@pytest.fixture
def console(staff_context: BrowserContext, team: Team) -> ConsolePage:
    """The console, with nobody signed in."""
    return ConsolePage(staff_context.new_page())


def origin_of(url: str) -> str | None:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https", "ws", "wss") else None


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def widget(page: Page) -> WidgetPage:
    """The demonstration page, loaded, with the chat still closed."""
    return WidgetPage(page).visit()
