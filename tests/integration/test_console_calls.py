"""The console's pages of calls over HTTP: what is refused and kept, what the trail holds. Only `web` is started."""

import html
import re
from datetime import timedelta

import httpx
import pytest

from clinic.booking.desk import version_of
from clinic.models import Appointment
from clinic.settings import ClinicInfo
from tests.booked import a_call, a_request, free_slots, stored_call
from tests.integration.conftest import CRISIS
from tests.staff import StaffClient, Team, trail
from tests.visitor import Visitor
from web.slots import slot_value


@pytest.fixture
def call(team: Team, clinic_info: ClinicInfo) -> Appointment:
    return a_call(team.database, clinic_info)


@pytest.fixture
def request_of(team: Team, clinic_info: ClinicInfo) -> Appointment:
    return a_request(team.database, clinic_info)


@pytest.fixture
def late(team: Team, clinic_info: ClinicInfo) -> Appointment:
    return a_call(team.database, clinic_info, late=True)


def page_of(call: Appointment) -> str:
    return f"/console/calls/{call.reference}"


def words_in(answer: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def free(team: Team, clinic: ClinicInfo) -> str:
    return slot_value(free_slots(team.database, clinic)[-1])


class TestOneCall:
    def test_it_shows_number_consents_and_history_and_the_reading_is_audited_once(
        self, sam: StaffClient, team: Team, call: Appointment
    ) -> None:
        first = sam.get(page_of(call))
        sam.get(page_of(call))
        assert f'href="tel:{call.phone}"' in first.text
        said = words_in(first)
        assert "Voicemail with these words and no others" in said
        assert "No texts Not agreed to." in said
        assert "Booked for" in said
        read = [one for one in trail(team, "console:appointment:read") if one.subject_id == call.reference]
        assert [one.actor for one in read] == [team.trained]

    def test_who_allowed_no_voicemail_is_left_none(self, sam: StaffClient, team: Team, clinic_info: ClinicInfo) -> None:
        page = sam.get(page_of(a_call(team.database, clinic_info, voicemail=False)))
        assert "Please leave none" in page.text
        assert 'value="voicemail"' not in page.text

    def test_a_request_is_confirmed_with_a_free_time(
        self, sam: StaffClient, team: Team, clinic_info: ClinicInfo, request_of: Appointment
    ) -> None:
        sam.get(page_of(request_of))
        slot = free(team, clinic_info)
        done = sam.post(f"{page_of(request_of)}/confirm", version=version_of(request_of), slot=slot, note="at work")
        assert done.status_code == 303
        found = stored_call(team.database, request_of)
        assert (found.state, slot.startswith(found.provider or "-")) == ("confirmed", True)
        page = words_in(sam.get(page_of(request_of)))
        assert "Confirmed" in words_in(sam.get(done.headers["Location"]))
        assert "at work" in page
        assert trail(team, "console:appointment:confirmed")[-1].actor == team.trained

    def test_a_time_that_somebody_took_meanwhile_is_refused_and_what_was_typed_stays(
        self, sam: StaffClient, team: Team, clinic_info: ClinicInfo, call: Appointment, request_of: Appointment
    ) -> None:
        sam.get(page_of(call))
        slot = free(team, clinic_info)
        sam.post(f"{page_of(call)}/move", version=version_of(call), slot=slot)
        refused = sam.post(f"{page_of(request_of)}/confirm", version=version_of(request_of), slot=slot, note="my words")
        assert refused.status_code == 409
        assert "just been taken by somebody else" in refused.text
        assert ">my words</textarea>" in refused.text
        assert slot not in refused.text
        assert stored_call(team.database, request_of).state == "requested"
        assert "my words" not in sam.get(page_of(request_of)).text

    @pytest.mark.parametrize("step", ["move", "cancel", "outcome"])
    def test_a_page_of_before_a_change_does_nothing_and_keeps_what_was_typed(
        self, sam: StaffClient, team: Team, clinic_info: ClinicInfo, call: Appointment, step: str
    ) -> None:
        sam.get(page_of(call))
        old, slot = version_of(call), free(team, clinic_info)
        sam.post(f"{page_of(call)}/outcome", version=old, outcome="no_answer")
        before = stored_call(team.database, call)
        refused = sam.post(f"{page_of(call)}/{step}", version=old, slot=slot, outcome="reached", note="my words")
        assert refused.status_code == 409
        assert "was changed after you opened it" in refused.text
        assert ">my words</textarea>" in refused.text
        after = stored_call(team.database, call)
        assert (after.state, after.starts_at, after.outcome) == (before.state, before.starts_at, "no_answer")
        if step == "move":
            assert re.search(rf'value="{re.escape(slot)}" required checked', refused.text)

    @pytest.mark.parametrize("step", ["move", "cancel", "outcome", "no-show"])
    def test_a_call_that_is_over_stays_over_and_takes_notes(
        self, sam: StaffClient, team: Team, clinic_info: ClinicInfo, late: Appointment, step: str
    ) -> None:
        sam.get(page_of(late))
        sam.post(f"{page_of(late)}/outcome", version=version_of(late), outcome="reached")
        values = {"version": version_of(late), "slot": free(team, clinic_info), "outcome": "no_answer"}
        refused = sam.post(f"{page_of(late)}/{step}", **values, note="my words")
        assert refused.status_code == 409
        assert "This call is over already" in refused.text
        assert ">my words</textarea>" in refused.text
        assert stored_call(team.database, late).state == "completed"
        assert sam.post(f"{page_of(late)}/note", note="my words").status_code == 303
        assert "<form" in sam.get(page_of(late)).text

    def test_a_no_show_is_closed_only_after_its_time(
        self, sam: StaffClient, team: Team, call: Appointment, late: Appointment
    ) -> None:
        assert "no-show" not in sam.get(page_of(call)).text
        assert sam.post(f"{page_of(call)}/no-show", version=version_of(call)).status_code == 409
        assert "Close as a no-show" in sam.get(page_of(late)).text
        assert sam.post(f"{page_of(late)}/no-show", version=version_of(late)).status_code == 303
        assert stored_call(team.database, late).state == "no_show"

    def test_a_request_that_was_reached_without_a_time_is_closed(
        self, sam: StaffClient, team: Team, request_of: Appointment
    ) -> None:
        sam.get(page_of(request_of))
        sam.post(f"{page_of(request_of)}/outcome", version=version_of(request_of), outcome="reached")
        assert stored_call(team.database, request_of).state == "completed"

    @pytest.mark.parametrize(
        ("step", "fields", "told"),
        [
            ("move", {"slot": ""}, "choose a time first"),
            ("move", {"slot": "a|b"}, "just been taken"),
            ("outcome", {"outcome": "lunch"}, "choose what came of the call"),
            ("note", {"note": "  "}, "write a note first"),
            ("note", {"note": "x" * 2001}, "too long"),
        ],
    )
    def test_what_cannot_be_read_is_named(
        self, sam: StaffClient, team: Team, call: Appointment, step: str, fields: dict[str, str], told: str
    ) -> None:
        sam.get(page_of(call))
        refused = sam.post(f"{page_of(call)}/{step}", version=version_of(call), **fields)
        assert refused.status_code in (400, 409)
        assert told in refused.text
        assert stored_call(team.database, call).sequence == 0

    def test_notes_become_no_markup_and_their_words_are_not_in_the_trail(
        self, sam: StaffClient, dana: StaffClient, call: Appointment
    ) -> None:
        sam.get(page_of(call))
        sam.post(f"{page_of(call)}/note", note="<script>alert(1)</script> quokkaberry")
        assert "<script>alert" not in sam.get(page_of(call)).text
        assert "quokkaberry" in sam.get(page_of(call)).text
        assert "quokkaberry" not in dana.get(f"/console/audit?subject={call.reference}").text

    def test_a_chat_is_linked_only_where_it_was_handed_to_staff(
        self, sam: StaffClient, team: Team, clinic_info: ClinicInfo, crisis: Visitor
    ) -> None:
        with Visitor(team.url) as calm:
            unseen = a_call(team.database, clinic_info, chat=calm.id)
            page = sam.get(page_of(unseen))
            assert "/console/conversations/" not in page.text
            assert "Not handed to staff" in page.text
        handed = a_call(team.database, clinic_info, chat=crisis.id)
        link = f"/console/conversations/{team.escalation_of(crisis.id)}"
        assert link in sam.get(page_of(handed)).text
        assert CRISIS.split()[-1] in sam.get(link).text

    def test_an_unknown_reference_is_told(self, sam: StaffClient, call: Appointment) -> None:
        assert sam.http.get("/console/calls/LC-AAAAAA").status_code == 404
        assert "There is no call with this reference" in sam.get("/console/calls/find?reference=nothing").text
        spoken = call.reference.removeprefix("LC-").lower()
        assert sam.http.get(f"/console/calls/find?reference=lc%20{spoken}").headers["Location"] == page_of(call)


class TestLists:
    def test_what_is_late_comes_first_with_its_due_time_and_owner_and_counts_in_the_navigation(
        self, sam: StaffClient, team: Team, clinic_info: ClinicInfo
    ) -> None:
        soon = a_request(team.database, clinic_info, "Soonlee")
        late = a_request(team.database, clinic_info, "Lateleigh", late=True)
        page = sam.get("/console/calls/waiting").text
        assert page.index("Lateleigh") < page.index("Soonlee")
        assert "Owner: Appointments" in page
        assert "Was due" in page
        shown = re.search(r"(\d+) waiting.*?(\d+) overdue", words_in(sam.get("/console/on-call")))
        assert shown
        for one in (soon, late):
            sam.get(page_of(one))
            sam.post(f"{page_of(one)}/cancel", version=version_of(one))
        then = re.findall(r"(\d+) (waiting|overdue)", words_in(sam.get("/console/calls/count")))
        left = {kind: int(number) for number, kind in then}
        assert left.get("waiting", 0) == int(shown[1]) - 2
        assert left.get("overdue", 0) == int(shown[2]) - 1

    def test_a_week_shows_its_calls_and_leads_to_the_next(self, sam: StaffClient, call: Appointment) -> None:
        assert call.starts_at is not None
        day = call.starts_at.date()
        monday = day - timedelta(days=day.weekday())
        assert call.reference in sam.get(f"/console/calls/week?from={day.isoformat()}").text
        before = sam.get(f"/console/calls/week?from={(monday - timedelta(days=7)).isoformat()}").text
        assert call.reference not in before
        assert f"/console/calls/week?from={monday.isoformat()}" in before

    @pytest.mark.parametrize("typed", ["", "yesterday", "0001-01-01", "9999-12-31", "2026-13-01"])
    def test_a_week_that_is_none_is_this_one(self, sam: StaffClient, typed: str) -> None:
        answer = sam.get(f"/console/calls/week?from={typed}")
        assert answer.status_code == 200
        assert "Today" in answer.text

    def test_lists_hold_no_number_and_looking_at_them_is_audited(
        self, sam: StaffClient, team: Team, request_of: Appointment
    ) -> None:
        for path in ("/console/calls", "/console/calls/week", "/console/calls/waiting"):
            page = sam.get(path).text
            assert request_of.phone[-7:] not in page
            assert "tel:" not in page
        read = [one for one in trail(team, "console:appointments:read") if one.actor == team.trained]
        assert read
        assert {one.subject_id for one in read} == {"calls"}


def test_open_pages_hear_of_a_new_call(sam: StaffClient, team: Team, clinic_info: ClinicInfo) -> None:
    with sam.http.stream("GET", "/console/events") as stream:
        events = (line for line in stream.iter_lines() if line.startswith("event:"))
        assert next(events) == "event: queue"
        while next(events) != "event: queue":  # the first look of the hub
            pass
        a_request(team.database, clinic_info)
        assert next(events) == "event: queue"
