"""What the console refuses: forms without a token, pages of other roles, tokens of visitors. Only `web` is started."""

import re

import pytest

from cli.scratch import Scratch
from tests.integration.conftest import CRISIS
from tests.staff import PASSWORD, TRAINED, UNTRAINED, StaffClient, Team, counted, trail, wait_until
from tests.visitor import Visitor

COOKIE = "lotus_console"


class TestForms:
    POSTS = (
        "/console/conversations/x/claim",
        "/console/conversations/x/write",
        "/console/conversations/x/typing",
        "/console/conversations/x/close",
        "/console/staff/add",
        "/console/on-call/people",
        "/console/calls/LC-ABC234/confirm",
        "/console/calls/LC-ABC234/outcome",
        "/console/calls/LC-ABC234/note",
        "/console/calls/export",
        "/console/calls/hours/days",
        "/console/account/password",
        "/console/sign-out",
    )

    @pytest.mark.parametrize("path", POSTS)
    @pytest.mark.parametrize("token", ["", "0" * 64])
    def test_without_its_token_none_is_taken(self, dana: StaffClient, team: Team, path: str, token: str) -> None:
        before = len(trail(team, "console:csrf:refused"))
        dana.csrf = token
        assert dana.post(path).status_code == 403
        assert len(trail(team, "console:csrf:refused")) == before + 1
        assert trail(team, "console:csrf:refused")[-1].actor == team.admin
        assert dana.http.get("/console").status_code == 200

    def test_the_token_of_somebody_else_is_not_taken(self, dana: StaffClient, sam: StaffClient) -> None:
        dana.csrf, own = sam.csrf, dana.csrf
        assert own != sam.csrf
        assert dana.post("/console/sign-out").status_code == 403

    def test_a_form_of_another_site_is_not_taken(self, dana: StaffClient) -> None:
        dana.http.headers["Sec-Fetch-Site"] = "cross-site"
        assert dana.post("/console/sign-out").status_code == 403

    def test_the_sign_in_form_has_one_as_well(self, stranger: StaffClient, team: Team) -> None:
        answer = stranger.post("/console/sign-in", email=TRAINED.email, password=PASSWORD)
        assert answer.status_code == 403
        assert stranger.session is None
        wait_until(lambda: counted(team, "console:csrf:refused", stranger) == 1)

    def test_one_that_is_too_large_is_not_read(self, dana: StaffClient) -> None:
        assert dana.post("/console/staff/add", first_name="x" * 70_000).status_code == 413


class TestRoles:
    ADMIN_PAGES = ("/console/staff", "/console/audit", "/console/staff/some-id", "/console/calls/export")
    ADMIN_POSTS = (
        "/console/staff/add",
        "/console/staff/some-id",
        "/console/staff/some-id/reset-password",
        "/console/staff/some-id/reset-totp",
        "/console/staff/some-id/deactivate",
        "/console/staff/some-id/reactivate",
        "/console/on-call/people",
        "/console/on-call/people/some-id/remove",
        "/console/on-call/channels/some-id/test",
        "/console/calls/export",
        "/console/calls/hours/providers",
        "/console/calls/hours/providers/some-id",
        "/console/calls/hours/days",
        "/console/calls/hours/days/clear",
    )

    @pytest.mark.parametrize("path", ADMIN_PAGES)
    def test_pages_of_admins_are_refused_to_staff_and_audited(self, sam: StaffClient, team: Team, path: str) -> None:
        assert sam.http.get(path).status_code == 403
        last = trail(team, "console:page:refused")[-1]
        assert last.actor == team.trained
        assert "some-id" not in last.subject_id

    @pytest.mark.parametrize("path", ADMIN_POSTS)
    def test_steps_of_admins_are_refused_to_staff(self, sam: StaffClient, team: Team, path: str) -> None:
        assert sam.post(path, email="x@example.com", first_name="X", title="X").status_code == 403
        assert trail(team, "console:page:refused")[-1].actor == team.trained

    def test_only_crisis_trained_staff_can_take_a_chat(
        self, stranger: StaffClient, team: Team, crisis: Visitor
    ) -> None:
        stranger.sign_in(UNTRAINED)
        path, before = stranger.first_chat(), len(trail(team, "console:step:refused"))
        assert "Take this chat" not in stranger.get(path).text
        assert stranger.post(f"{path}/claim").status_code == 403
        assert stranger.post(f"{path}/acknowledge").status_code == 403
        assert [one.actor for one in trail(team, "console:step:refused")[before:]] == [team.untrained] * 2

    def test_who_does_not_have_the_chat_cannot_write_in_it(
        self, sam: StaffClient, dana: StaffClient, crisis: Visitor
    ) -> None:
        path = sam.first_chat()
        assert sam.post(f"{path}/claim").status_code == 303
        taken = dana.post(f"{path}/claim")
        assert taken.status_code == 409
        assert "Sam has this chat already" in taken.text
        for step, fields in (("write", {"text": "hello"}), ("close", {"reason": "duplicate"}), ("hand-back", {})):
            assert dana.post(f"{path}/{step}", **fields).status_code == 409
        assert [one for one in crisis.messages() if one["role"] == "staff"] == []
        sam.post(f"{path}/close", reason="duplicate")


class TestVisitorsTokens:
    def test_they_open_no_page_of_the_console(self, stranger: StaffClient, team: Team, crisis: Visitor) -> None:
        paths = ("/console", "/console/queue-rows", "/console/audit", "/console/conversations/x")
        for path in (*paths, "/console/calls", "/console/calls/LC-ABC234", "/console/calls/count"):
            answer = stranger.http.get(path, headers=crisis.headers)
            assert answer.status_code == 303, path
        stranger.http.cookies.set(COOKIE, crisis.token, domain="127.0.0.1", path="/")
        assert stranger.http.get("/console").status_code == 303
        wait_until(lambda: counted(team, "console:token:refused", stranger) == 7)

    def test_they_open_no_other_conversation_and_the_trail_counts_it(
        self, stranger: StaffClient, team: Team, crisis: Visitor, console: Scratch
    ) -> None:
        crisis.http.headers["X-Forwarded-For"] = stranger.address
        with Visitor(console.url) as other:
            for path in ("messages", "events"):
                answer = crisis.http.get(f"/api/conversations/{other.id}/{path}", headers=crisis.headers)
                assert answer.status_code == 401
            answer = crisis.http.post(f"/api/conversations/{other.id}/typing", headers=crisis.headers)
            assert answer.status_code == 401
            for words in ("hello", CRISIS):
                body = {"client_id": "one", "text": words}
                answer = crisis.http.post(other.path, json=body, headers=crisis.headers)
                assert answer.status_code == 401
                assert "988" in answer.text
            assert crisis.http.get(other.path).status_code == 401  # and no token at all
            assert [one["role"] for one in other.messages()] == ["assistant"]
        wait_until(lambda: counted(team, "api:token:refused", stranger) == 6)
        paths = {one.details["path"] for one in trail(team, "api:token:refused")}
        assert not [path for path in paths if other.id in path]

    def test_a_staff_session_opens_no_conversation_of_the_api(self, sam: StaffClient, crisis: Visitor) -> None:
        answer = sam.http.get(crisis.path, headers={"Authorization": f"Bearer {sam.session}"})
        assert answer.status_code == 401


def test_a_forged_link_of_an_alert_is_refused_and_counted(stranger: StaffClient, team: Team) -> None:
    stranger.get("/console/sign-in")
    assert stranger.http.get("/console/ack/forged.token").status_code == 403
    assert stranger.post("/console/ack/forged.token").status_code == 403
    wait_until(lambda: counted(team, "link:escalation:refused", stranger) == 2)


def test_reading_a_chat_is_audited(sam: StaffClient, team: Team, crisis: Visitor) -> None:
    path = sam.first_chat()
    assert CRISIS.split()[-1] in sam.get(path).text
    read = [one for one in trail(team, "console:conversation:read") if one.actor == team.trained]
    assert path.endswith(read[-1].subject_id)


def test_reading_by_the_script_s_doors_is_audited_too(dana: StaffClient, team: Team, crisis: Visitor) -> None:
    path = dana.first_chat()
    before = len(trail(team, "console:conversation:read"))
    assert CRISIS.split()[-1] in dana.http.get(f"{path}/thread").text
    assert len(trail(team, "console:conversation:read")) == before + 1


def test_what_a_visitor_writes_never_becomes_markup(console: Scratch, sam: StaffClient) -> None:
    with Visitor(console.url) as visitor:
        visitor.say("<script>alert(1)</script> i want to kill myself <b>now</b>")
        page = sam.get(f"{sam.first_chat()}").text
    assert "<script>alert" not in page
    assert "<b>now" not in page


def test_pages_are_kept_by_no_cache_and_allow_nothing_from_elsewhere(sam: StaffClient) -> None:
    calls = ("/console/calls", "/console/calls/week", "/console/calls/waiting", "/console/calls/hours")
    for path in ("/console", "/console/sign-in", "/console/on-call", "/console/conversations/none", *calls):
        answer = sam.http.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)", answer.text)
        assert not re.findall(r'(?:src|href|action)="(?!/|#|tel:|data:|"|\?)[^"]', answer.text)


def test_a_stream_ends_once_the_session_does(sam: StaffClient, crisis: Visitor) -> None:
    path = sam.first_chat()
    with sam.http.stream("GET", f"{path}/events") as stream:
        events = (line for line in stream.iter_lines() if line.startswith("event:"))
        assert next(events) == "event: messages"
        sam.post("/console/sign-out")
        assert list(events)[-1] == "event: signed-out"
