"""The booking form's questions. Rasa calls one for the slot it requests, again after an answer that did not parse."""

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.booking_slots import (
    ABOUT,
    CHANGE,
    CONSENT,
    NAME,
    NOTE,
    OF,
    PHONE,
    SEEN,
    SHOWN,
    TASK,
    TEXTS,
    TIME,
    WHO,
    moments,
    to_time,
    wish_of,
)
from actions.runtime import conversation_id, runtime, utter
from clinic.booking import offer, questions
from clinic.booking.book import find_call, open_calls
from clinic.booking.calendar import Slot
from clinic.booking.consent import Answer, read_answer
from clinic.chat.reply import Reply
from clinic.errors import InvalidInput


class AskBookingName(Action):
    """One question. The others build on it."""

    slot = NAME

    def name(self) -> str:
        return f"action_ask_booking_form_{self.slot}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        utter(dispatcher, await self.question(tracker))
        return []

    async def question(self, tracker: Tracker) -> Reply:
        return questions.ask_name()


class AskBookingWho(AskBookingName):
    slot = WHO

    async def question(self, tracker: Tracker) -> Reply:
        return questions.ask_who()


class AskBookingPhone(AskBookingName):
    slot = PHONE

    async def question(self, tracker: Tracker) -> Reply:
        return questions.ask_phone()


class AskBookingAbout(AskBookingName):
    slot = ABOUT

    async def question(self, tracker: Tracker) -> Reply:
        return questions.ask_about()


class AskBookingTime(AskBookingName):
    """Three free times; those shown before are not shown again while the visitor asks for others."""

    slot = TIME

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        wish, clinic = wish_of(tracker), runtime().clinic
        shown, seen = moments(tracker.get_slot(SHOWN)), moments(tracker.get_slot(SEEN))
        seen_now = seen if self._asked_again_only(tracker) else [*seen, *shown]

        def find(session: Session) -> offer.Offer:
            return offer.offer_times(session, wish, without=seen_now, holder=conversation_id(tracker), clinic=clinic)

        found = await runtime().transaction(find)
        starts = [slot.starts_at for slot in found.slots]
        utter(
            dispatcher,
            questions.ask_time(
                starts,
                note=tracker.get_slot(NOTE),
                matches=found.matches,
                is_wish=bool(wish),
                again=bool(seen_now),
                clinic=clinic,
            ),
        )
        return [
            SlotSet(SHOWN, [moment.isoformat() for moment in starts] or None),
            SlotSet(SEEN, [moment.isoformat() for moment in seen_now] or None),
            SlotSet(NOTE, None),
        ]

    def _asked_again_only(self, tracker: Tracker) -> bool:
        """After a question in between, or words that could not be read, the same times are shown again."""
        words = tracker.latest_message.get("text") or ""
        return not offer.asks_for_others(words)


class AskBookingConsent(AskBookingName):
    slot = CONSENT

    async def question(self, tracker: Tracker) -> Reply:
        when, clinic = to_time(tracker.get_slot(TIME)), runtime().clinic
        if when is None:
            raise InvalidInput("incomplete_booking")
        shown = when.starts_at if isinstance(when, Slot) else when
        if tracker.get_slot(TASK) == "change":
            reference = str(tracker.get_slot(OF))
            old = await runtime().transaction(lambda session: find_call(session, reference, lock=False))
            if isinstance(when, Slot):
                return questions.ask_move(when=when.starts_at, old=old, clinic=clinic)
        if self._wants_a_change(tracker):
            return questions.ask_change()
        phone = str(tracker.get_slot(PHONE))
        open_ones = await runtime().transaction(lambda session: open_calls(session, conversation_id(tracker)))
        same = next((one for one in open_ones if one.phone == phone and one.starts_at), None)
        return questions.ask_consent(
            name=str(tracker.get_slot(NAME)),
            phone=phone,
            when=shown,
            about=str(tracker.get_slot(ABOUT)),
            replaces=same if same and isinstance(when, Slot) and same.starts_at != when.starts_at else None,
            clinic=clinic,
        )

    def _wants_a_change(self, tracker: Tracker) -> bool:
        try:
            return tracker.get_slot("requested_slot") == CONSENT and (
                read_answer(tracker.latest_message.get("text") or "") == Answer.change
            )
        except InvalidInput:
            return False


class AskBookingOf(AskBookingName):
    slot = OF

    async def question(self, tracker: Tracker) -> Reply:
        return questions.ask_of(runtime().clinic)


class AskBookingChange(AskBookingName):
    slot = CHANGE

    async def question(self, tracker: Tracker) -> Reply:
        reference = str(tracker.get_slot(OF))
        found = await runtime().transaction(lambda session: find_call(session, reference, lock=False))
        return questions.ask_what(found, runtime().clinic)


class AskBookingTexts(AskBookingName):
    slot = TEXTS

    async def question(self, tracker: Tracker) -> Reply:
        reference = str(tracker.get_slot(OF))
        found = await runtime().transaction(lambda session: find_call(session, reference, lock=False))
        return questions.ask_texts(found.phone, runtime().clinic)
