"""Signing in to the console over HTTP, also by those who should not. Only `web` is started."""

import re
from collections.abc import Iterator

import httpx
import pytest
from pyotp.totp import TOTP

from cli.scratch import Scratch, free_port, running
from clinic.clock import utc_now
from clinic.staff.accounts import Profile, deactivate_staff
from tests.staff import ADMIN, PASSWORD, TRAINED, StaffClient, Team, counted, open_account, trail, wait_until
from web.limits import FAILED_SIGN_INS

COOKIE = "lotus_console"


def test_the_right_password_leads_to_the_queue(sam: StaffClient) -> None:
    assert "<h1>Queue</h1>" in sam.get("/console").text


def test_without_a_sign_in_every_page_leads_to_the_sign_in_page(stranger: StaffClient) -> None:
    for page in (
        "",
        "/on-call",
        "/staff",
        "/audit",
        "/insights",
        "/content",
        "/conversations/abc",
        "/account/password",
    ):
        answer = stranger.http.get(f"/console{page}")
        assert answer.status_code == 303, page
        assert answer.headers["Location"].startswith("/console/sign-in")


def test_the_page_that_was_wanted_comes_after_the_sign_in(stranger: StaffClient) -> None:
    answer = stranger.http.get("/console/insights")
    stranger.get(answer.headers["Location"])
    done = stranger.post("/console/sign-in", email=TRAINED.email, password=PASSWORD, next="/console/insights")
    assert done.headers["Location"] == "/console/insights"


def test_a_thousand_wrong_passwords_are_all_refused_and_audited(stranger: StaffClient, team: Team) -> None:
    open_account(team.database, Profile("guessed@example.com", "Kim", "Nurse"))
    stranger.get("/console/sign-in")
    statuses = [
        stranger.post("/console/sign-in", email="guessed@example.com", password=f"guess number {number}").status_code
        for number in range(1000)
    ]
    assert set(statuses) == {403, 429}
    assert statuses.count(403) == FAILED_SIGN_INS
    assert stranger.session is None
    failures = [one for one in trail(team, "console:sign_in:failure") if one.details["address"] == stranger.address]
    assert len(failures) == FAILED_SIGN_INS
    wait_until(lambda: counted(team, "console:sign_in:blocked", stranger) == 1000 - FAILED_SIGN_INS)


def test_a_blocked_address_does_not_get_in_with_the_right_password_either(stranger: StaffClient) -> None:
    stranger.get("/console/sign-in")
    for _ in range(FAILED_SIGN_INS):
        stranger.post("/console/sign-in", email="nobody@example.com", password="wrong")
    assert stranger.sign_in(TRAINED).status_code == 429
    assert stranger.session is None


def test_guesses_from_many_addresses_lock_the_account(console: Scratch, team: Team) -> None:
    profile = Profile("many@example.com", "Kim", "Nurse")
    open_account(team.database, profile)
    for number in range(10):
        with StaffClient(console.url, address=f"198.51.100.{number}") as client:
            assert client.sign_in(profile, "wrong").status_code == 403
    with StaffClient(console.url, address="198.51.100.99") as client:
        assert client.sign_in(profile).status_code == 403
    assert trail(team, "console:sign_in:failure")[-1].details["reason"] == "locked"


def test_unknown_and_known_accounts_get_the_same_page(stranger: StaffClient) -> None:
    stranger.get("/console/sign-in")
    known, unknown = [
        stranger.post("/console/sign-in", email=email, password="wrong") for email in (ADMIN.email, "x@example.com")
    ]
    assert known.status_code == unknown.status_code == 403
    assert known.text == unknown.text


def test_a_session_id_that_was_planted_is_not_taken_over(console: Scratch, stranger: StaffClient) -> None:
    planted = "p" * 43
    stranger.http.cookies.set(COOKIE, planted, domain="127.0.0.1", path="/")
    stranger.get("/console/sign-in")
    answer = stranger.post("/console/sign-in", email=TRAINED.email, password=PASSWORD)
    assert answer.status_code == 303
    given = re.search(rf"{COOKIE}=([\w-]+)", answer.headers["Set-Cookie"])
    assert given
    assert given[1] != planted
    with StaffClient(console.url) as other:
        other.http.cookies.set(COOKIE, planted, domain="127.0.0.1", path="/")
        assert other.http.get("/console").status_code == 303


def test_an_unknown_session_is_refused_and_counted(stranger: StaffClient, team: Team) -> None:
    stranger.http.cookies.set(COOKIE, "q" * 43, domain="127.0.0.1", path="/")
    assert stranger.http.get("/console/staff").status_code == 303
    wait_until(lambda: counted(team, "console:session:refused", stranger) == 1)


def test_signing_in_again_ends_the_session_of_before(sam: StaffClient) -> None:
    before = sam.session
    sam.sign_in(TRAINED)
    assert sam.session != before
    sam.http.cookies.set(COOKIE, before or "", domain="127.0.0.1", path="/")
    assert sam.http.get("/console").status_code == 303


def test_signing_out_ends_the_session_on_the_server(sam: StaffClient) -> None:
    before = sam.session
    assert sam.post("/console/sign-out").status_code == 303
    assert sam.session is None
    sam.http.cookies.set(COOKIE, before or "", domain="127.0.0.1", path="/")
    assert sam.http.get("/console").status_code == 303


def test_a_deactivated_account_is_out_at_once(console: Scratch, team: Team, stranger: StaffClient) -> None:
    profile = Profile("leaving@example.com", "Lee", "Nurse")
    staff_id = open_account(team.database, profile)
    stranger.sign_in(profile)
    assert stranger.http.get("/console").status_code == 200
    with team.database.transaction() as session:
        deactivate_staff(session, staff_id=staff_id, by=team.admin, now=utc_now())
    assert stranger.http.get("/console").status_code == 303


def test_who_has_a_password_of_somebody_else_s_making_has_to_change_it_first(team: Team, stranger: StaffClient) -> None:
    profile = Profile("new@example.com", "Nia", "Nurse")
    open_account(team.database, profile, must_change_password=True)
    stranger.sign_in(profile)
    assert stranger.http.get("/console").headers["Location"] == "/console/account/password"
    new = "seven grey herons at dawn"
    assert stranger.post("/console/account/password", present="wrong", new=new, again=new).status_code == 400
    assert stranger.post("/console/account/password", present=PASSWORD, new=new, again=new).status_code == 303
    assert stranger.http.get("/console").status_code == 200


class TestCookies:
    def test_they_are_closed_to_scripts_and_to_other_sites(self, stranger: StaffClient) -> None:
        stranger.get("/console/sign-in")
        answer = stranger.post("/console/sign-in", email=TRAINED.email, password=PASSWORD)
        for header in answer.headers.get_list("Set-Cookie"):
            assert "HttpOnly" in header
            assert "SameSite=strict" in header
            assert "Path=/" in header
            assert "Domain" not in header

    def test_over_https_they_are_secure_and_of_this_host_only(self, stranger: StaffClient) -> None:
        stranger.http.headers["X-Forwarded-Proto"] = "https"
        answer = stranger.http.get("/console/sign-in")
        [header] = answer.headers.get_list("Set-Cookie")
        assert header.startswith("__Host-lotus_before=")
        assert "Secure" in header

    def test_over_http_from_elsewhere_nobody_can_sign_in(self, stranger: StaffClient) -> None:
        answer = stranger.http.get("/console/sign-in", headers={"Host": "guide.example.com"})
        assert answer.status_code == 403
        assert "https" in answer.text


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    settings = {
        "LOTUS_MODE": "production",
        "LOTUS_PASSWORD_MEMORY_KIB": "19456",
        "LOTUS_SECRET_KEY": "s" * 32,
        "LOTUS_RASA_URL": f"http://127.0.0.1:{free_port()}",
    }
    with running(tmp_path_factory.mktemp("production"), "web", wait_for="/healthz", **settings) as alone:
        yield alone


class TestProduction:
    """LOTUS_MODE=production, behind https."""

    def test_a_password_alone_opens_nothing_until_a_phone_is_set_up(self, live: Scratch) -> None:
        Team.of(live)
        with HttpsClient(live.url) as client:
            client.get("/console/sign-in")
            answer = client.post("/console/sign-in", email=ADMIN.email, password=PASSWORD)
            assert answer.headers["Location"].startswith("/console/sign-in/code")
            assert client.http.get("/console").headers["Location"] == "/console/sign-in/code"
            page = client.get("/console/sign-in/code").text
            secret = re.search(r'class="secret">(\w{32})<', page)
            assert secret
            assert "<svg" in page
            assert client.post("/console/sign-in/code", code="000000").status_code == 403
            done = client.post("/console/sign-in/code", code=TOTP(secret[1]).now())
            assert done.status_code == 303
            assert client.http.get("/console").status_code == 200

    def test_without_https_nobody_can_sign_in_even_on_the_machine_itself(self, live: Scratch) -> None:
        assert httpx.get(f"{live.url}/console/sign-in", trust_env=False).status_code == 403


class HttpsClient(StaffClient):
    """As it looks behind a proxy that ends https. httpx would not send a secure cookie to the http address."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.http.headers["X-Forwarded-Proto"] = "https"
        self.http.event_hooks = {"request": [self._send], "response": [self._keep]}
        self._kept: dict[str, str] = {}

    def _keep(self, answer: httpx.Response) -> None:
        for header in answer.headers.get_list("Set-Cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            self._kept[name] = value.strip('"')

    def _send(self, request: httpx.Request) -> None:
        request.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._kept.items())
