"""The console as staff see it: the words tests use for it."""

from typing import Self

from playwright.sync_api import Locator, Page, expect

from clinic.staff.accounts import Profile
from tests.staff import PASSWORD


class ConsolePage:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.queue = page.locator("#queue")
        self.live = page.locator("#live")
        self.thread = page.get_by_role("log", name="Messages")
        self.text = page.get_by_label("Write to the visitor")
        self.typing = page.locator("#typing")
        self.standing = page.get_by_role("region", name="Handoff")

    def sign_in(self, profile: Profile) -> Self:
        self.page.goto("/console/sign-in")
        self.page.get_by_label("Email").fill(profile.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Queue")).to_be_visible()
        return self.when_live()

    def when_live(self) -> Self:
        expect(self.live).to_have_text("Live")
        return self

    def row(self, escalation_id: str) -> Locator:
        return self.page.locator(f'[data-escalation="{escalation_id}"]')

    def open(self, escalation_id: str) -> Self:
        self.page.goto(f"/console/conversations/{escalation_id}")
        return self.when_live()

    def take(self) -> Self:
        self.page.get_by_role("button", name="Take this chat").click()
        expect(self.text).to_be_visible()
        return self.when_live()

    def write(self, text: str) -> None:
        self.text.fill(text)
        self.page.get_by_role("button", name="Send").click()
        expect(self.text).to_have_value("")

    def close(self, reason: str) -> None:
        self.page.get_by_text("Close with a reason").click()
        self.page.get_by_label("Reason").select_option(label=reason)
        self.page.get_by_role("button", name="Close the handoff").click()
        expect(self.standing.get_by_text("Closed", exact=True)).to_be_visible()
