"""Reading the booking form's answers. Each is parsed first; only what does not parse is taken for a question, answered,
and asked again. What an answer says by the way is taken as well, so that nothing is asked twice."""

import contextlib
import re
from collections.abc import Callable
from typing import Any

from rasa_sdk import FormValidationAction, Tracker
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.answer_question import replies_to, understood
from actions.booking_slots import (
    ABOUT,
    CHANGE,
    CONSENT,
    MOST_WINDOWS,
    NAME,
    NOTE,
    OF,
    PHONE,
    SEEN,
    SHOWN,
    TEXTS,
    TIME,
    WHO,
    WISH,
    from_slot,
    from_window,
    moments,
    required,
    to_time,
    wish_of,
)
from actions.runtime import conversation_id, runtime, utter
from clinic.answering import ANSWER_FROM
from clinic.booking import answers, claims, offer, questions
from clinic.booking.book import find_by_digits
from clinic.booking.calendar import Slot
from clinic.booking.consent import Answer, read_answer
from clinic.booking.contact import find_first_name, find_phone, read_first_name, read_phone
from clinic.booking.preferred_time import find_windows
from clinic.clock import utc_now
from clinic.content import wording
from clinic.errors import InvalidInput, NotFound
from clinic.library import library

Values = dict[str, Any]
RESET = {
    Answer.change_name: NAME,
    Answer.change_phone: PHONE,
    Answer.change_time: TIME,
    Answer.change_about: ABOUT,
}
OWN_NAME = re.compile(r"\b(?:my name is|name'?s|call me|me llamo)\b", re.IGNORECASE)


async def take_time(tracker: Tracker, words: str) -> Values:
    """Slots after words about a time. Raises InvalidInput("time_unclear") where they say nothing of one."""

    def read(session: Session) -> offer.TimeAnswer:
        return offer.answer_time(
            session,
            words,
            offered=moments(tracker.get_slot(SHOWN)),
            holder=conversation_id(tracker),
            clinic=runtime().clinic,
        )

    found = await runtime().transaction(read)
    if found.slot:
        return {TIME: from_slot(found.slot), NOTE: None, SHOWN: None, SEEN: None, WISH: None}
    if found.clinic_chooses:
        wish, clinic = wish_of(tracker), runtime().clinic
        window = await runtime().transaction(lambda session: offer.any_window(session, wish, clinic=clinic))
        return {TIME: from_window(window), NOTE: None, SHOWN: None}
    if found.wants_others:
        return {TIME: None, NOTE: None}
    return {
        TIME: None,
        NOTE: found.note,
        WISH: [from_window(window) for window in found.wish[:MOST_WINDOWS]] or None,
        SHOWN: None,
        SEEN: None,
    }


async def by_the_way(tracker: Tracker, words: str, *, but: str) -> Values:
    """What a sentence says beside the answer: phone, who, about and time, as far as they are not known yet."""
    open_slots = [slot for slot in required(tracker) if slot != but and tracker.get_slot(slot) is None]
    found: Values = {}
    if PHONE in open_slots and (phone := find_phone(words)):
        found[PHONE] = phone
    if WHO in open_slots and (who := answers.find_who(words)) and who != answers.MINOR:
        found[WHO] = who
    if ABOUT in open_slots and (about := answers.find_about(words)):
        found[ABOUT] = about
    if NAME in open_slots and (name := find_first_name(words)):
        found[NAME] = name
    if TIME in open_slots and tracker.get_slot(WISH) is None:
        with contextlib.suppress(InvalidInput):  # it says nothing of a time
            found |= await take_time(tracker, words)
    return {slot: value for slot, value in found.items() if slot != TIME or value is not None}


class ValidateBookingForm(FormValidationAction):
    def name(self) -> str:
        return "validate_booking_form"

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> list[str]:
        return required(tracker)

    async def validate_booking_name(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Values:
        return await self._parse(NAME, value, dispatcher, tracker, lambda words: self._name(words, tracker))

    async def validate_booking_who(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Values:
        read = await self._parse(WHO, value, dispatcher, tracker, answers.read_who)
        return read | {PHONE: None} if read[WHO] == answers.MINOR else read

    async def validate_booking_phone(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Values:
        return await self._parse(PHONE, value, dispatcher, tracker, read_phone)

    async def validate_booking_about(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Values:
        words = value if isinstance(value, str) else ""
        # Almost any words name a reason, so a correction ("wait, my number is …") is looked for first.
        if not _is_set(ABOUT, tracker) and (changed := await self._correction(words, tracker, but=ABOUT)):
            return {ABOUT: answers.named_about(words)} | changed
        return await self._parse(ABOUT, value, dispatcher, tracker, answers.read_about)

    async def validate_booking_time(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Values:
        if _is_set(TIME, tracker):
            return {TIME: value}
        words = value if isinstance(value, str) else ""
        try:
            return await take_time(tracker, words)
        except InvalidInput as problem:
            return await self._explain(TIME, words, problem, dispatcher, tracker)

    async def validate_booking_consent(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Values:
        if _is_set(CONSENT, tracker):
            return {CONSENT: value}
        words = value if isinstance(value, str) else ""
        try:
            answer = Answer.yes if words == wording()["booking"]["move_confirm"] else read_answer(words)
        except InvalidInput as problem:
            return await self._explain(CONSENT, words, problem, dispatcher, tracker)
        if answer in (Answer.yes, Answer.yes_voicemail):
            return await self._still_ours(answer, tracker)
        if changed := await self._correction(words, tracker, but=CONSENT):
            return {CONSENT: None} | changed
        reset = RESET.get(answer)
        return {CONSENT: None} | ({reset: None, SEEN: None} if reset else {})

    async def validate_booking_of(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Values:
        if _is_set(OF, tracker):
            return {OF: value}
        words = value if isinstance(value, str) else ""
        try:
            found = await runtime().transaction(lambda session: find_by_digits(session, words))
            return {OF: found.reference}
        except NotFound:
            return await self._explain(OF, words, InvalidInput("of_unclear"), dispatcher, tracker)

    async def validate_booking_change(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Values:
        read = await self._parse(CHANGE, value, dispatcher, tracker, answers.read_what)
        if read[CHANGE] == "move" and isinstance(value, str) and not _is_set(CHANGE, tracker) and _names_time(value):
            return read | await take_time(tracker, value)
        return read

    async def validate_booking_texts(
        self, value: object, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> Values:
        return await self._parse(TEXTS, value, dispatcher, tracker, _read_texts)

    def _name(self, words: str, tracker: Tracker) -> str:
        """Almost any word may be a name; what Rasa surely takes for a question or small talk is not."""
        try:
            name = read_first_name(words)
        except InvalidInput:
            if name := find_first_name(words, alone=True):  # "Dana 801-555-0123 tomorrow at 10"
                return name
            raise
        read = understood(tracker)
        known = library().topics.get(read.intent)
        elsewhere = known and (known.kind in ("answer", "boundary", "smalltalk") or len(name.split()) > 2)
        if elsewhere and read.confidence >= ANSWER_FROM and not OWN_NAME.search(words.replace("’", "'")):
            raise InvalidInput("name_unclear")
        return name

    async def _parse(
        self,
        slot: str,
        value: object,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        read: Callable[[str], Any],
    ) -> Values:
        if _is_set(slot, tracker):
            return {slot: value}
        words = value if isinstance(value, str) else ""
        try:
            found = read(words)
        except InvalidInput as problem:
            return await self._explain(slot, words, problem, dispatcher, tracker)
        return {slot: str(found)} | await by_the_way(tracker, words, but=slot)

    async def _explain(
        self, slot: str, words: str, problem: InvalidInput, dispatcher: CollectingDispatcher, tracker: Tracker
    ) -> Values:
        """What was no answer: a correction of an earlier one, a question, or words that cannot be read."""
        if changed := await self._correction(words, tracker, but=slot):
            return {slot: None} | changed
        if words.startswith("/book_call"):  # tapped again while the form is open: just ask on
            return {slot: None}
        if answers.asks(words):
            asked = replies_to(tracker)
            if asked[0].kind in ("answer", "boundary") or asked[0].topic == "are_you_a_bot":
                for reply in asked:
                    utter(dispatcher, reply)
                return {slot: None}
        utter(dispatcher, questions.not_understood(problem.reason, runtime().clinic))
        return {slot: None}

    async def _correction(self, words: str, tracker: Tracker, *, but: str) -> Values:
        """ "my number is 801-555-9999", "friday at 2 instead" at a question about something else."""
        changed: Values = {}
        if but != PHONE and PHONE in required(tracker) and (phone := find_phone(words)):
            changed[PHONE] = phone
        if but != NAME and tracker.get_slot(NAME) and OWN_NAME.search(words) and (name := find_first_name(words)):
            changed[NAME] = name
        is_answer = not answers.ASKS.search(words) or answers.SUGGESTS.search(words)
        if but != TIME and is_answer and TIME in required(tracker) and _names_time(words):
            changed |= await take_time(tracker, words)
        return changed

    async def _still_ours(self, answer: Answer, tracker: Tracker) -> Values:
        """A yes counts for the time that was shown: if somebody else has it by now, it is asked for again."""
        when = to_time(tracker.get_slot(TIME))
        if isinstance(when, Slot):
            try:
                await runtime().transaction(
                    lambda session: claims.hold(
                        session, when, holder=conversation_id(tracker), clinic=runtime().clinic, now=utc_now()
                    )
                )
            except claims.SlotTaken:
                near = from_window(offer.around(when, runtime().clinic))
                return {CONSENT: None, TIME: None, NOTE: "time_taken", WISH: [near], SEEN: None, SHOWN: None}
        return {CONSENT: str(answer)}


def _is_set(slot: str, tracker: Tracker) -> bool:
    """Whether the value is the form's own (set by an action of ours), and no words that answer a question."""
    return tracker.get_slot("requested_slot") != slot


def _names_time(words: str) -> bool:
    return bool(find_windows(words, now=utc_now(), clinic=runtime().clinic))


def _read_texts(words: str) -> str:
    """yes or no. Raises InvalidInput("texts_unclear"): a doubt is no consent."""
    buttons = wording()["booking"]
    if words == buttons["texts_no"] or re.match(r"^\W*(?:no|nope|nah)\b", words, re.IGNORECASE):
        return "no"
    try:
        if words == buttons["texts_yes"] or read_answer(words) in (Answer.yes, Answer.yes_voicemail):
            return "yes"
    except InvalidInput as problem:
        raise InvalidInput("texts_unclear") from problem
    raise InvalidInput("texts_unclear")
