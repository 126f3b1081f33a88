"""What booking promises beyond single stories: nothing before a yes, and a call's page that agrees with the chat."""

import re

import httpx

from cli.scratch import Scratch
from clinic.settings import ClinicInfo
from tests.visitor import Message, Visitor, lotus, of_conversation

LINK = re.compile(r"http://\S+(/calls/[\w.-]+[\w-])")


def to_the_summary(visitor: Visitor, phone: str = "801-555-7001") -> Message:
    for words in ("can somebody call me as soon as possible", "Dana", "18 or older", phone):
        visitor.say(words)
    return visitor.say("a first evaluation")[-1]


def test_nothing_is_stored_or_called_done_before_the_visitor_agrees(service: Scratch, visitor: Visitor) -> None:
    summary = to_the_summary(visitor)
    assert "?" in summary["text"]
    assert not of_conversation(service, "appointments", visitor)


def test_a_call_is_listed_as_the_contract_says(service: Scratch, visitor: Visitor) -> None:
    to_the_summary(visitor, "801-555-7002")
    [done] = visitor.tap("Yes, please call me")
    [appointment] = of_conversation(service, "appointments", visitor)
    assert appointment["reference"] in done["text"]
    assert {"reference", "state", "provider", "starts_at", "requested_at", "due_at"} <= appointment.keys()
    assert (appointment["state"], appointment["overdue"]) == ("confirmed", False)
    assert appointment["starts_at"] < appointment["due_at"]


def test_what_is_cancelled_on_the_page_is_cancelled_in_the_chat(
    service: Scratch, visitor: Visitor, clinic_info: ClinicInfo
) -> None:
    to_the_summary(visitor, "801-555-7003")
    [done] = visitor.tap("Yes, please call me")
    link = LINK.search(done["text"])
    assert link
    page = httpx.post(service.url + link[1], data={"action": "cancel", "sequence": "0"}, trust_env=False)
    assert page.status_code == 303
    assert not of_conversation(service, "appointments", visitor)
    [again] = visitor.say("i want to book a call")
    assert "first name" in again["text"]


def test_a_call_is_cancelled_from_another_chat_with_reference_and_digits(service: Scratch, visitor: Visitor) -> None:
    to_the_summary(visitor, "801-555-7004")
    [done] = visitor.tap("Yes, please call me")
    [appointment] = of_conversation(service, "appointments", visitor)
    with Visitor(service.url) as elsewhere:
        elsewhere.say("cancel my appointment please")
        [wrong] = elsewhere.say(f"{appointment['reference']} 9999")[:1]
        assert "couldn't find" in wrong["text"]
        said = elsewhere.say(f"{appointment['reference']} 7004")
        assert "Cancelled" in said[-1]["text"]
    assert not of_conversation(service, "appointments", visitor)
    assert done["kind"] == "booking"


def test_erasing_by_reference_takes_the_chat_with_it(service: Scratch, visitor: Visitor) -> None:
    to_the_summary(visitor, "801-555-7005")
    visitor.tap("Yes, please call me")
    [appointment] = of_conversation(service, "appointments", visitor)
    lotus(service, "erase", appointment["reference"], as_json=False)
    assert visitor.http.get(visitor.path, headers=visitor.headers).status_code == 404
    assert appointment["reference"] not in [row["reference"] for row in lotus(service, "appointments", "--all")]
