"""A call, from "can somebody call me" to the stored request."""

from datetime import datetime
from zoneinfo import ZoneInfo

from cli.scratch import Scratch
from clinic.booking.words import window_in_words
from clinic.settings import ClinicInfo
from tests.visitor import Message, Visitor, of_conversation


def stored_words(appointment: Message, clinic: ClinicInfo) -> str:
    """The stored window as a visitor would read it."""
    starts_at, ends_at = (datetime.fromisoformat(appointment[key]) for key in ("window_starts_at", "window_ends_at"))
    return window_in_words(starts_at, ends_at, clinic)


def to_the_summary(visitor: Visitor) -> Message:
    visitor.say("can somebody call me tomorrow morning")
    visitor.say("Dana")
    return visitor.say("801-555-0123")[-1]


def test_a_call_is_stored_once_at_the_time_the_visitor_reads(
    service: Scratch, visitor: Visitor, clinic_info: ClinicInfo
) -> None:
    summary = to_the_summary(visitor)
    [done] = visitor.tap("Yes, please call me")
    [appointment] = of_conversation(service, "appointments", visitor)
    when = stored_words(appointment, clinic_info)
    assert when in summary["text"]
    assert when in done["text"]
    assert appointment["reference"] in done["text"]
    assert (appointment["state"], appointment["starts_at"]) == ("requested", None)
    assert appointment["due_at"] == appointment["window_ends_at"]


def test_nothing_is_stored_or_called_done_before_the_visitor_agrees(service: Scratch, visitor: Visitor) -> None:
    summary = to_the_summary(visitor)
    assert "?" in summary["text"]
    assert not of_conversation(service, "appointments", visitor)


def test_stopping_stores_nothing_and_the_next_booking_starts_anew(service: Scratch, visitor: Visitor) -> None:
    to_the_summary(visitor)
    [stopped] = visitor.tap("Stop")
    assert stopped["kind"] == "booking"
    assert not of_conversation(service, "appointments", visitor)
    [question] = visitor.say("i want to book a call")
    assert "first name" in question["text"]


def test_the_time_can_be_changed_at_the_summary(service: Scratch, visitor: Visitor, clinic_info: ClinicInfo) -> None:
    to_the_summary(visitor)
    visitor.tap("Change something")
    visitor.tap("Change the time")
    [summary] = visitor.say("thursday after 3")
    visitor.say("yes")
    [appointment] = of_conversation(service, "appointments", visitor)
    assert stored_words(appointment, clinic_info) in summary["text"]
    local = datetime.fromisoformat(appointment["window_starts_at"]).astimezone(ZoneInfo(clinic_info.time_zone))
    assert (local.strftime("%A"), local.hour) == ("Thursday", 15)


def test_a_question_in_the_middle_is_answered_and_the_form_goes_on(visitor: Visitor) -> None:
    visitor.say("please call me tomorrow morning")
    visitor.say("Dana")
    answer, question = visitor.say("is ketamine addictive?")
    assert answer["topic"] == "addiction"
    assert "phone number" in question["text"]


def test_a_crisis_inside_the_form_leaves_it(service: Scratch, visitor: Visitor) -> None:
    visitor.say("can someone call me tomorrow")
    [crisis] = visitor.say("I want to kill myself")
    assert crisis["kind"] == "crisis"
    assert not of_conversation(service, "appointments", visitor)
    [answer] = visitor.say("how does ketamine work?")
    assert answer["topic"] == "mechanism"


def test_what_is_no_phone_number_is_asked_again(visitor: Visitor) -> None:
    visitor.say("please call me tomorrow morning")
    visitor.say("Dana")
    replies = visitor.say("123")
    assert "phone number" in replies[-1]["text"]


def test_the_first_message_is_not_asked_for_again(visitor: Visitor) -> None:
    visitor.say("please call me tomorrow at 10 at 801-555-0123")
    [summary] = visitor.say("Dana")
    assert "(801) 555-0123" in summary["text"]
    assert "between 10:00 AM and 10:30 AM" in summary["text"] or "Calls are made" in summary["text"]


def test_the_same_request_twice_stays_one(service: Scratch, visitor: Visitor) -> None:
    for _ in range(2):
        to_the_summary(visitor)
        visitor.say("yes")
    assert len(of_conversation(service, "appointments", visitor)) == 1
