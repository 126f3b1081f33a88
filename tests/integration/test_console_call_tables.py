"""What admins do with calls in the console: a table to take along, hours, other days. Only `web` is started."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from clinic.booking.desk import version_of
from clinic.clock import utc_now
from clinic.models import Appointment
from clinic.settings import ClinicInfo
from tests.booked import a_call, a_request, free_slots
from tests.integration.test_console_calls import page_of, words_in
from tests.staff import StaffClient, Team, trail


@pytest.fixture
def call(team: Team, clinic_info: ClinicInfo) -> Appointment:
    return a_call(team.database, clinic_info)


@pytest.fixture
def request_of(team: Team, clinic_info: ClinicInfo) -> Appointment:
    return a_request(team.database, clinic_info)


class TestExport:
    def rows(self, answer: httpx.Response) -> list[dict[str, str]]:
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    def test_an_admin_gets_a_table_of_some_days_and_the_trail_keeps_which(
        self, dana: StaffClient, team: Team, clinic_info: ClinicInfo
    ) -> None:
        call = a_call(team.database, clinic_info, "=1+1")
        assert call.starts_at is not None
        local = call.starts_at.astimezone(clinic_info.zone)
        day = local.date().isoformat()
        assert day in dana.get("/console/calls/week?from=" + day).text
        dana.get("/console/calls/export")
        answer = dana.post("/console/calls/export", first=day, last=day)
        [row] = [one for one in self.rows(answer) if one["reference"] == call.reference]
        assert (row["name"], row["phone"]) == ("'=1+1", f"'{call.phone}")
        assert (row["local_date"], row["local_time"]) == (day, f"{local:%H:%M}")
        assert f"calls-{day}-to-{day}.csv" in answer.headers["Content-Disposition"]
        last = trail(team, "console:appointments:export")[-1]
        assert (last.actor, last.details["first"], last.details["last"]) == (team.admin, day, day)

    def test_requests_and_cancelled_calls_are_in_it_and_other_days_are_not(
        self, dana: StaffClient, team: Team, clinic_info: ClinicInfo, request_of: Appointment
    ) -> None:
        gone = a_call(team.database, clinic_info, late=True)
        dana.get(page_of(gone))
        dana.post(f"{page_of(gone)}/cancel", version=version_of(gone))
        today = utc_now().astimezone(clinic_info.zone).date()
        answer = dana.post("/console/calls/export", first=str(today - timedelta(days=30)), last=str(today))
        states = {row["reference"]: row["state"] for row in self.rows(answer)}
        assert states[gone.reference] == "cancelled"
        assert request_of.reference not in states
        answer = dana.post("/console/calls/export", first=str(today), last=str(today + timedelta(days=3)))
        assert request_of.reference in {row["reference"] for row in self.rows(answer)}

    @pytest.mark.parametrize(
        ("first", "last", "told"),
        [
            ("", "2026-01-01", "choose the days"),
            ("2026-02-01", "2026-01-01", "come after it"),
            ("2024-01-01", "2026-01-01", "a year at most"),
        ],
    )
    def test_days_that_are_none_are_named_and_stay_typed(
        self, dana: StaffClient, team: Team, first: str, last: str, told: str
    ) -> None:
        before = len(trail(team, "console:appointments:export"))
        dana.get("/console/calls/export")
        answer = dana.post("/console/calls/export", first=first, last=last)
        assert answer.status_code == 400
        assert told in answer.text
        assert f'value="{last}"' in answer.text
        assert len(trail(team, "console:appointments:export")) == before

    def test_staff_who_are_no_admins_get_none(self, sam: StaffClient, team: Team, call: Appointment) -> None:
        assert "/console/calls/export" not in sam.get("/console/calls").text
        assert sam.http.get("/console/calls/export").status_code == 403
        answer = sam.post("/console/calls/export", first="2026-01-01", last="2026-12-31")
        assert answer.status_code == 403
        assert call.reference not in answer.text
        assert trail(team, "console:page:refused")[-1].subject_id == "/console/calls/export"


class TestHours:
    @pytest.fixture(autouse=True)
    def usual(self, dana: StaffClient) -> Iterator[None]:
        dana.get("/console/calls/hours")
        yield
        week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "9-17")
        for one in ("aprn-1", "aprn-2"):
            dana.post(f"/console/calls/hours/providers/{one}", name=f"Sample {one}", is_active="true", **week)

    def test_an_admin_changes_a_week_and_staff_see_it(
        self, dana: StaffClient, sam: StaffClient, team: Team, clinic_info: ClinicInfo
    ) -> None:
        for one in ("aprn-1", "aprn-2"):
            done = dana.post(
                f"/console/calls/hours/providers/{one}", name="Kit", is_active="true", tuesday="9 am to 12, 1 pm-5 pm"
            )
            assert done.status_code == 303
        page = words_in(sam.get("/console/calls/hours"))
        assert "Tuesday 9:00 AM to 12:00 PM, 1:00 PM to 5:00 PM" in page
        assert "Change Kit" not in page
        local = [one.starts_at.astimezone(clinic_info.zone) for one in free_slots(team.database, clinic_info)]
        assert {one.weekday() for one in local} == {1}
        assert 12 not in {one.hour for one in local}

    def test_calls_outside_of_new_hours_are_listed(self, dana: StaffClient, call: Appointment) -> None:
        provider = call.provider
        dana.post(f"/console/calls/hours/providers/{provider}", name="Kit", is_active="true")
        page = dana.get("/console/calls/hours")
        assert "outside of these hours" in page.text
        assert page_of(call) in page.text

    @pytest.mark.parametrize(
        ("typed", "told"),
        [("sometimes", "Hours could not be read"), ("17-9", "come after its start"), ("9-12, 11-13", "overlap")],
    )
    def test_hours_that_cannot_be_read_are_named_and_stay_typed(self, dana: StaffClient, typed: str, told: str) -> None:
        answer = dana.post("/console/calls/hours/providers/aprn-1", name="Kit", is_active="true", monday=typed)
        assert answer.status_code == 400
        assert told in answer.text
        assert f'value="{typed}"' in answer.text

    def test_a_day_gets_other_hours_and_its_usual_ones_again(
        self, dana: StaffClient, sam: StaffClient, team: Team, clinic_info: ClinicInfo
    ) -> None:
        day = free_slots(team.database, clinic_info)[-1].starts_at.astimezone(clinic_info.zone).date()
        assert dana.post("/console/calls/hours/days", day=day.isoformat(), who="", spans="").status_code == 303
        assert "No calls Everybody" in words_in(sam.get("/console/calls/hours"))
        assert day not in {
            one.starts_at.astimezone(clinic_info.zone).date() for one in free_slots(team.database, clinic_info)
        }
        assert dana.post("/console/calls/hours/days/clear", day=day.isoformat(), who="").status_code == 303
        assert "No calls Everybody" not in words_in(sam.get("/console/calls/hours"))
        assert trail(team, "console:provider:exception_cleared")[-1].details["day"] == day.isoformat()

    @pytest.mark.parametrize(("day", "told"), [("", "choose the days"), ("2020-01-06", "from today on")])
    def test_a_day_that_is_none_or_over_is_named(self, dana: StaffClient, day: str, told: str) -> None:
        answer = dana.post("/console/calls/hours/days", day=day, who="aprn-1", spans="9-10")
        assert answer.status_code == 400
        assert told in answer.text
        assert 'value="9-10"' in answer.text

    def test_the_holidays_are_shown(self, sam: StaffClient) -> None:
        assert "Christmas Day" in sam.get("/console/calls/hours").text

    def test_somebody_more_who_calls_is_added_and_stops(self, dana: StaffClient, sam: StaffClient) -> None:
        assert dana.post("/console/calls/hours/providers", name="Pat Ångström").status_code == 303
        page = sam.get("/console/calls/hours").text
        assert "No hours: nobody can book a call with Pat Ångström" in page
        [provider] = re.findall(r'id="provider-(pat[\w-]*)"', page)
        dana.post(f"/console/calls/hours/providers/{provider}", name="Pat Ångström")
        assert "Calls no more" in sam.get("/console/calls/hours").text
        assert dana.post("/console/calls/hours/providers", name=" ").status_code == 400
