"""The booking form: prefill from the first message, ask, validate, submit, stop. Rules are in clinic.booking."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import AllSlotsReset, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.answer_question import replies_to, understood
from actions.runtime import conversation_id, runtime, utter
from clinic.answering import ANSWER_FROM
from clinic.booking import questions
from clinic.booking.consent import Answer, read_answer
from clinic.booking.contact import find_phone, read_first_name, read_phone
from clinic.booking.preferred_time import Window, find_window, parse_window
from clinic.booking.request import request_call
from clinic.chat.reply import Reply
from clinic.clock import utc_now
from clinic.content import wording
from clinic.errors import InvalidInput
from clinic.library import library
from clinic.models import AppointmentState

NAME, PHONE, TIME, CONSENT = "booking_name", "booking_phone", "booking_time", "booking_consent"


def to_slot(window: Window) -> dict[str, str]:
    return {"starts_at": window.starts_at.isoformat(), "ends_at": window.ends_at.isoformat()}


def from_slot(value: object) -> Window | None:
    """The window of a slot; None where the slot holds anything else (slots fill with words when a form breaks)."""
    if not isinstance(value, dict):
        return None
    zone = runtime().clinic.zone
    starts_at, ends_at = (datetime.fromisoformat(value[key]).astimezone(zone) for key in ("starts_at", "ends_at"))
    return Window(starts_at, ends_at)


class ActionStartBooking(Action):
    """Takes from the first message what it already says, so that it is not asked again."""

    def name(self) -> str:
        return "action_start_booking"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        words = tracker.latest_message.get("text") or ""
        window = find_window(words, now=utc_now(), clinic=runtime().clinic)
        said = {PHONE: find_phone(words), TIME: window and to_slot(window)}
        # Only what is known: the form validates every slot that was set, an empty one too.
        return [SlotSet(slot, value) for slot, value in said.items() if value]


class ValidateBookingForm(FormValidationAction):
    """Each answer is parsed first; only what does not parse is taken for a question, answered, and asked again."""

    def name(self) -> str:
        return "validate_booking_form"

    async def validate_booking_name(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return self._parse(NAME, value, dispatcher, tracker, self._name)

    async def validate_booking_phone(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        return self._parse(PHONE, value, dispatcher, tracker, read_phone)

    async def validate_booking_time(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if from_slot(value):
            return {TIME: value}
        return self._parse(
            TIME,
            value,
            dispatcher,
            tracker,
            lambda words: to_slot(parse_window(words, now=utc_now(), clinic=runtime().clinic)),
        )

    async def validate_booking_consent(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if value is True:
            return {CONSENT: True}
        parsed = self._parse(CONSENT, value, dispatcher, tracker, read_answer)
        answer = parsed[CONSENT]
        if answer == Answer.yes:
            return {CONSENT: True}
        reset = {Answer.change_name: NAME, Answer.change_phone: PHONE, Answer.change_time: TIME}.get(answer)
        return {CONSENT: None} | ({reset: None} if reset else {})

    def _name(self, words: str) -> str:
        """Almost any word may be a name; what Rasa surely takes for a question or small talk is not."""
        name = read_first_name(words)
        read = understood(self._tracker)
        known = library().topics.get(read.intent)
        elsewhere = known and (known.kind in ("answer", "boundary", "smalltalk") or len(name.split()) > 2)
        if elsewhere and read.confidence >= ANSWER_FROM:
            raise InvalidInput("name_unclear")
        return name

    def _parse(
        self,
        slot: str,
        value: object,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        read: Callable[[str], Any],
    ) -> dict[str, Any]:
        self._tracker = tracker
        words = value if isinstance(value, str) else ""
        try:
            return {slot: read(words)}
        except InvalidInput as problem:
            if not words.startswith("/book_call"):  # tapped again while the form is open: just ask on
                for reply in self._answer_or_explain(tracker, problem):
                    utter(dispatcher, reply)
            return {slot: None}

    def _answer_or_explain(self, tracker: Tracker, problem: InvalidInput) -> list[Reply]:
        asked = replies_to(tracker)
        if asked[0].kind in ("answer", "boundary") or asked[0].topic == "are_you_a_bot":
            return asked
        return [questions.not_understood(problem.reason, runtime().clinic)]


class AskBookingName(Action):
    """One question; the form asks it again after an answer that did not parse. The other questions build on it."""

    slot = NAME

    def name(self) -> str:
        return f"action_ask_booking_form_{self.slot}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        utter(dispatcher, self.question(tracker))
        return []

    def question(self, tracker: Tracker) -> Reply:
        return questions.ask_name()


class AskBookingPhone(AskBookingName):
    slot = PHONE

    def question(self, tracker: Tracker) -> Reply:
        return questions.ask_phone()


class AskBookingTime(AskBookingName):
    slot = TIME

    def question(self, tracker: Tracker) -> Reply:
        return questions.ask_time(runtime().clinic)


class AskBookingConsent(AskBookingName):
    slot = CONSENT

    def question(self, tracker: Tracker) -> Reply:
        window = from_slot(tracker.get_slot(TIME))
        if window is None:
            return questions.ask_time(runtime().clinic)
        if self._wants_a_change(tracker):
            return questions.ask_change()
        return questions.ask_consent(
            name=str(tracker.get_slot(NAME)),
            phone=str(tracker.get_slot(PHONE)),
            window=window,
            clinic=runtime().clinic,
        )

    def _wants_a_change(self, tracker: Tracker) -> bool:
        try:
            return tracker.get_slot("requested_slot") == CONSENT and (
                read_answer(tracker.latest_message.get("text") or "") == Answer.change
            )
        except InvalidInput:
            return False


class ActionSubmitBooking(Action):
    """Checks every slot again, stores the request, and only then says so."""

    def name(self) -> str:
        return "action_submit_booking"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        window = from_slot(tracker.get_slot(TIME))
        if window is None or tracker.get_slot(CONSENT) is not True:
            raise InvalidInput("incomplete_booking")  # web says the safe text: nothing was stored
        name, phone = read_first_name(tracker.get_slot(NAME) or ""), read_phone(tracker.get_slot(PHONE) or "")

        def store(session: Session) -> Reply:
            made = request_call(
                session,
                conversation_id=conversation_id(tracker),
                first_name=name,
                phone=phone,
                window=window,
                consent_wording=wording()["booking"]["consent_version"],
                now=utc_now(),
            )
            assert made.appointment.state == AppointmentState.requested
            return questions.requested(made.appointment, is_new=made.is_new, clinic=runtime().clinic)

        utter(dispatcher, await runtime().transaction(store))
        return [AllSlotsReset()]


class ActionStopBooking(Action):
    def name(self) -> str:
        return "action_stop_booking"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        utter(dispatcher, questions.stopped())
        return [AllSlotsReset()]
