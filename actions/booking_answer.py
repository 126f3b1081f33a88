"""Answers that Rasa took for leaving the form ("change the name" for a stop): docs/decisions/0014."""

import re
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.booking_form import ValidateBookingForm
from actions.booking_slots import ABOUT, CHANGE, NAME, OF, required
from clinic.booking import answers


class With(Tracker):
    """The tracker as it will be once some slots are set."""

    def __init__(self, tracker: Tracker, slots: dict[str, Any]) -> None:
        self.__dict__ |= tracker.__dict__ | {"slots": tracker.slots | slots}


async def an_answer_after_all(tracker: Tracker, leaves: re.Pattern[str]) -> list[EventType]:
    """The events that go on with the form, where the words answer its open question; none where they leave it.

    `leaves`: words that surely mean to leave.
    """
    words = tracker.latest_message.get("text") or ""
    asked = next((slot for slot in required(tracker) if tracker.get_slot(slot) is None), None)
    if asked in (None, NAME, OF) or leaves.search(words):  # any words may be a name
        return []
    if asked == ABOUT and answers.named_about(words) is None:
        return []
    if asked == CHANGE and answers.find_what(words) != answers.What.move:
        return []
    silent = CollectingDispatcher()
    validate = getattr(ValidateBookingForm(), f"validate_{asked}")
    read = await validate(words, silent, With(tracker, {"requested_slot": asked}), {})
    if silent.messages:  # where it had something to say, it was not an answer
        return []
    return [*(SlotSet(slot, value) for slot, value in read.items()), FollowupAction("booking_form")]
