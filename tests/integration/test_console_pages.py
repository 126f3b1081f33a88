"""What admins set in the console, and the page behind an alert's link. Only `web` is started."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sqlalchemy import select

from cli.scratch import Scratch
from clinic.clock import utc_now
from clinic.handoff.ack_link import sign_ack_link
from clinic.handoff.models import OncallChannel, OncallPerson
from clinic.handoff.staff_side import queue_row
from clinic.settings import ROOT, Settings
from clinic.staff.accounts import Profile
from tests.staff import StaffClient, Team, trail
from tests.visitor import Visitor, lotus


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[str]]]:
    """A web address that keeps what is sent to it."""
    got: list[str] = []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Keep)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{server.server_port}/token-of-the-channel", got
    server.shutdown()


@pytest.fixture
def kim(dana: StaffClient, team: Team) -> Iterator[str]:
    """Kim is on call; their id on the list."""
    dana.get("/console/on-call")
    made = dana.post("/console/on-call/people", first_name="Kim", hours="mon-fri 08:00-17:00", languages=["en", "es"])
    assert made.status_code == 303
    with team.database.reading() as session:
        [person] = session.scalars(select(OncallPerson).where(OncallPerson.first_name == "Kim"))
    yield person.id
    dana.post(f"/console/on-call/people/{person.id}/remove")


class TestOnCall:
    def test_an_admin_adds_a_person_and_all_staff_see_them_and_the_hours_without_anybody(
        self, kim: str, sam: StaffClient
    ) -> None:
        page = sam.get("/console/on-call").text
        assert "Kim" in page
        assert "hours in which nobody is on call" in page
        assert "Add a person" not in page

    def test_a_channel_is_verified_by_the_code_that_arrives_there_and_its_address_is_not_shown(
        self, kim: str, dana: StaffClient, team: Team, receiver: tuple[str, list[str]]
    ) -> None:
        address, got = receiver
        dana.post(f"/console/on-call/people/{kim}/channels", kind="webhook", address=address, can_wake="true")
        with team.database.reading() as session:
            [channel] = session.scalars(select(OncallChannel).where(OncallChannel.person_id == kim))
        assert dana.post(f"/console/on-call/channels/{channel.id}/test").status_code == 303
        code = re.search(r"\b(\d{6})\b", got[0])
        assert code
        wrong = dana.post(f"/console/on-call/channels/{channel.id}/confirm", code="no code")
        assert wrong.status_code == 400
        assert dana.post(f"/console/on-call/channels/{channel.id}/confirm", code=code[1]).status_code == 303
        page = dana.get("/console/on-call").text
        assert "verified" in page
        assert "token-of-the-channel" not in page
        assert trail(team, "console:channel:verify")[-1].actor == team.admin

    @pytest.mark.parametrize(
        ("fields", "told"),
        [
            ({"first_name": "", "hours": "always", "languages": "en"}, "first name"),
            ({"first_name": "Lee", "hours": "now and then", "languages": "en"}, "Hours could not be read"),
            ({"first_name": "Lee", "hours": "always"}, "English, Spanish or both"),
        ],
    )
    def test_what_cannot_be_read_is_named(self, dana: StaffClient, fields: dict, told: str) -> None:
        dana.get("/console/on-call")
        answer = dana.post("/console/on-call/people", **fields)
        assert answer.status_code == 400
        assert told in answer.text

    def test_an_address_of_no_service_is_refused(self, kim: str, dana: StaffClient) -> None:
        answer = dana.post(f"/console/on-call/people/{kim}/channels", kind="sms", address="call me")
        assert answer.status_code == 400
        assert "no service that can be alerted" in answer.text

    def test_days_away_are_set_and_taken_back(self, kim: str, dana: StaffClient) -> None:
        answer = dana.post(f"/console/on-call/people/{kim}/exceptions", kind="away", first_day="2030-01-07")
        assert answer.status_code == 303
        page = dana.get("/console/on-call").text
        assert "Away Monday, January 7" in page
        [back] = re.findall(r"/console/on-call/exceptions/[\w-]+/remove", page)
        dana.post(back)
        assert "January 7" not in dana.get("/console/on-call").text

    def test_the_order_can_be_changed(self, kim: str, dana: StaffClient, team: Team) -> None:
        dana.post("/console/on-call/people", first_name="Ash", hours="always", languages="en")
        with team.database.reading() as session:
            [ash] = session.scalars(select(OncallPerson.id).where(OncallPerson.first_name == "Ash"))
        dana.post(f"/console/on-call/people/{ash}/earlier")
        page = dana.get("/console/on-call").text
        assert page.index(f"person-{ash}") < page.index(f"person-{kim}")
        dana.post(f"/console/on-call/people/{ash}/remove")


class TestLinkOfAnAlert:
    @pytest.fixture
    def link(self, console: Scratch, team: Team, kim: str, crisis: Visitor) -> str:
        key = Settings(data_dir=console.folder).secret
        escalation = team.escalation_of(crisis.id)
        return f"/console/ack/{sign_ack_link(key=key, escalation_id=escalation, person_id=kim, now=utc_now())}"

    def state(self, team: Team, crisis: Visitor) -> str:
        with team.database.reading() as session:
            return queue_row(session, escalation_id=team.escalation_of(crisis.id), now=utc_now()).state

    def test_opening_it_changes_nothing_and_shows_no_words(
        self, stranger: StaffClient, team: Team, crisis: Visitor, link: str
    ) -> None:
        stranger.get(link)
        page = stranger.get(link).text
        assert "will you see to it" in page
        assert "alive" not in page
        assert "Suicide" not in page
        assert self.state(team, crisis) == "open"

    def test_its_button_acknowledges_and_the_visitor_reads_so(
        self, stranger: StaffClient, team: Team, crisis: Visitor, link: str
    ) -> None:
        stranger.get(link)
        assert "Noted, Kim" in stranger.post(link).text
        assert self.state(team, crisis) == "acknowledged"
        assert "has seen the alert" in crisis.messages()[-1]["text"]

    def test_a_post_without_the_page_s_token_changes_nothing(
        self, stranger: StaffClient, team: Team, crisis: Visitor, link: str
    ) -> None:
        assert stranger.http.post(link, data={}).status_code == 403
        assert self.state(team, crisis) == "open"

    def test_a_forged_one_is_refused(self, stranger: StaffClient, link: str) -> None:
        assert stranger.http.get(link[:-3] + "abc").status_code == 403


class TestStaff:
    def test_an_admin_opens_an_account_with_a_password_shown_once(self, dana: StaffClient, console: Scratch) -> None:
        dana.get("/console/staff")
        page = dana.post("/console/staff/add", email="nia@example.com", first_name="Nia", title="Nurse").text
        password = re.search(r'class="secret">([\w-]+)<', page)
        assert password
        assert password[1] not in dana.get("/console/staff").text
        with StaffClient(console.url, address="203.0.113.7") as nia:
            first = nia.sign_in(Profile("nia@example.com", "Nia", "Nurse"), password[1])
            assert first.status_code == 303
            assert nia.http.get("/console").headers["Location"] == "/console/account/password"

    def test_the_last_admin_cannot_be_deactivated(self, dana: StaffClient, team: Team) -> None:
        dana.get(f"/console/staff/{team.admin}")
        answer = dana.post(f"/console/staff/{team.admin}/deactivate")
        assert answer.status_code == 400
        assert "last active admin" in answer.text


def test_the_audit_trail_pages_and_filters(dana: StaffClient, team: Team) -> None:
    for _ in range(60):
        dana.http.get("/console/audit")
    page = dana.get("/console/audit?tag=console:audit:read").text
    assert page.count("<tr>") == 51
    older = re.search(r'href="(\?[^"]+before[^"]+)"', page)
    assert older
    assert dana.get(f"/console/audit{older[1].replace('&amp;', '&')}").text.count("<tr>") > 5
    assert "Nothing fits" in dana.get("/console/audit?actor=nobody").text


def test_the_terminal_opens_lists_resets_and_deactivates_accounts(console: Scratch, team: Team) -> None:
    email = "terminal@example.com"
    added = lotus(console, "staff", "add", email, "--first-name", "Tam", "--title", "Nurse", "--generate")
    profile = Profile(email, "Tam", "Nurse")
    with StaffClient(console.url, address="203.0.113.8") as tam:
        assert tam.sign_in(profile, added["password"]).status_code == 303
        assert [row["email"] for row in lotus(console, "staff", "list") if row["email"] == email] == [email]
        lotus_plain(console, "staff", "reset-password", email, words="seven grey herons at dawn\n")
        assert tam.http.get("/console").headers["Location"].startswith("/console/sign-in")
        assert tam.sign_in(profile, "seven grey herons at dawn").status_code == 303
        lotus_plain(console, "staff", "deactivate", email)
        assert tam.http.get("/console").headers["Location"].startswith("/console/sign-in")
    assert email not in str(lotus(console, "staff", "list"))


def lotus_plain(service: Scratch, *arguments: str, words: str = "") -> None:
    """A command that prints no JSON; `words` is what is typed into it."""
    command = [sys.executable, "-m", "cli", *arguments]
    subprocess.run(command, cwd=ROOT, env=service.environment, input=words, capture_output=True, text=True, check=True)
