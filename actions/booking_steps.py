"""Starting, submitting and leaving the booking form. Nothing is said to be done before its commit."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import AllSlotsReset, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.booking_answer import With, an_answer_after_all
from actions.booking_form import by_the_way
from actions.booking_slots import (
    ABOUT,
    CHANGE,
    CONSENT,
    NAME,
    OF,
    PHONE,
    TASK,
    TEXTS,
    TIME,
    WHO,
    by_visitor,
    to_time,
)
from actions.runtime import conversation_id, metadata, runtime, utter
from clinic.booking import answers, claims, questions, texting
from clinic.booking.book import Caller, Made, book_call, cancel_call, find_call, move_call, open_calls, request_call
from clinic.booking.calendar import Slot
from clinic.booking.contact import read_first_name, read_phone
from clinic.booking.models import About, VisitorIs
from clinic.booking.questions import CHANGE_PAYLOAD, MOVE_PAYLOAD, TEXTS_PAYLOAD
from clinic.chat.reply import Reply
from clinic.clock import utc_now
from clinic.content import wording
from clinic.errors import InvalidInput
from clinic.models import Appointment

VISIT = re.compile(r"\b(?:appointment|appt|session|infusion|visit|cita|sesi[oó]n)\b", re.IGNORECASE)


class ActionStartBooking(Action):
    """Takes from the first message what it already says, so that it is not asked again."""

    def name(self) -> str:
        return "action_start_booking"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        words = tracker.latest_message.get("text") or ""
        existing = await runtime().transaction(lambda session: open_calls(session, conversation_id(tracker)))
        found = self._task(words, existing)
        if found[TASK] == "new" and not words.startswith("/"):
            if metadata(tracker).get("is_minor") and answers.find_who(words) != VisitorIs.guardian:
                found[WHO] = answers.MINOR
            else:
                found |= await by_the_way(tracker, words, but="")
        if found.get(CHANGE) == "move" and not words.startswith("/"):
            moving = With(tracker, found)
            found |= await by_the_way(moving, words, but="")
        # Only what is known: the form validates every slot that was set, an empty one too.
        return [SlotSet(slot, value) for slot, value in found.items() if value is not None]

    def _task(self, words: str, existing: list[Appointment]) -> dict[str, Any]:
        """A new call, or what is to become of one that is booked."""
        of = {OF: existing[0].reference} if existing else {}
        if words == TEXTS_PAYLOAD and existing:
            return {TASK: "texts"} | of
        if words == MOVE_PAYLOAD:
            return {TASK: "change", CHANGE: "move"} | of
        if words == CHANGE_PAYLOAD or re.search(r"\bLC-?[0-9A-Z]{6}\b", words, re.IGNORECASE):
            return {TASK: "change"} | of
        what = None if words.startswith("/") else answers.find_what(words)
        if what in (answers.What.cancel, answers.What.move) and (existing or answers.is_of_a_booking(words)):
            # "do i have to cancel my call?" is no wish to: it is asked what is wanted.
            wanted = {} if answers.ASKS.search(words) else {CHANGE: str(what)}
            return {TASK: "change"} | wanted | of
        if existing and answers.WHEN_IS.search(words.replace("’", "'")):
            return {TASK: "change"} | of
        return {TASK: "new"}


class ActionSubmitBooking(Action):
    """Checks every slot again, stores, and only then says so."""

    def name(self) -> str:
        return "action_submit_booking"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        task = tracker.get_slot(TASK)
        work = {"change": self._change, "texts": self._texts}.get(str(task), self._book)
        if task not in ("change", "texts") and tracker.get_slot(WHO) == answers.MINOR:
            work = self._minor
        try:
            utter(dispatcher, await runtime().transaction(lambda session: work(session, tracker)))
        except claims.SlotTaken:
            utter(dispatcher, questions.lost_time())
        return [AllSlotsReset()]

    def _minor(self, session: Session, tracker: Tracker) -> Reply:
        claims.release(session, holder=conversation_id(tracker))
        return questions.plain("minor", runtime().clinic)

    def _book(self, session: Session, tracker: Tracker) -> Reply:
        when, consent = to_time(tracker.get_slot(TIME)), tracker.get_slot(CONSENT)
        if when is None or consent not in ("yes", "yes_voicemail"):
            raise InvalidInput("incomplete_booking")  # web says the safe text: nothing was stored
        first, _, last = read_first_name(tracker.get_slot(NAME) or "").partition(" ")
        caller = Caller(
            first_name=first,
            last_name=last or None,
            phone=read_phone(tracker.get_slot(PHONE) or ""),
            visitor_is=VisitorIs(tracker.get_slot(WHO)),
            about=About(tracker.get_slot(ABOUT)),
            may_leave_voicemail=consent == "yes_voicemail",
        )
        agreed = {"consent_wording": wording()["booking"]["consent_version"], "clinic": runtime().clinic}
        agreed |= {"conversation_id": conversation_id(tracker), "caller": caller, "now": utc_now()}
        if isinstance(when, Slot):
            made = book_call(session, slot=when, by=by_visitor(tracker), **agreed)
        else:
            made = request_call(session, window=when, by=by_visitor(tracker), **agreed)
        return _result(made)

    def _change(self, session: Session, tracker: Tracker) -> Reply:
        clinic, by, now = runtime().clinic, by_visitor(tracker), utc_now()
        appointment = find_call(session, str(tracker.get_slot(OF)))
        what = tracker.get_slot(CHANGE)
        if what == "cancel":
            cancel_call(session, appointment, clinic=clinic, by=by, now=now)
            return questions.plain("cancelled", clinic, reference=appointment.reference)
        if what == "move":
            slot = to_time(tracker.get_slot(TIME))
            if not isinstance(slot, Slot) or tracker.get_slot(CONSENT) not in ("yes", "yes_voicemail"):
                raise InvalidInput("incomplete_booking")
            move_call(session, appointment, slot, clinic=clinic, by=by, now=now, holder=conversation_id(tracker))
            return _result(Made(appointment, "moved"))
        return questions.stopped(appointment, "change", clinic)

    def _texts(self, session: Session, tracker: Tracker) -> Reply:
        clinic, words = runtime().clinic, wording()["booking"]
        appointment = find_call(session, str(tracker.get_slot(OF)))
        if tracker.get_slot(TEXTS) != "yes":
            return questions.stopped(appointment, "texts", clinic)
        asked = questions.ask_texts(appointment.phone, clinic).text
        texting.agree_to_texts(
            session,
            appointment,
            wording=words["texts_version"],
            wording_text=asked,
            clinic=clinic,
            by=by_visitor(tracker),
            now=utc_now(),
        )
        return questions.texts_agreed(appointment, clinic)


def _result(made: Made) -> Reply:
    settings = runtime().settings
    texts = bool(settings.sms_url.get_secret_value())
    return questions.result(made, clinic=runtime().clinic, url=settings.address, texts=texts)


class ActionStopBooking(Action):
    """Leaves the form. "Cancel it", said of a call that is booked, does so; anything else leaves everything as it is.

    Rasa takes some answers for a stop ("change the name"): what answers the open question goes on with the form
    (docs/decisions/0014).
    """

    def name(self) -> str:
        return "action_stop_booking"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        if answered := await an_answer_after_all(tracker, answers.STOP):
            return answered
        utter(dispatcher, await runtime().transaction(lambda session: self._leave(session, tracker)))
        return [AllSlotsReset()]

    def _leave(self, session: Session, tracker: Tracker) -> Reply:
        clinic, task, reference = runtime().clinic, tracker.get_slot(TASK), tracker.get_slot(OF)
        words = tracker.latest_message.get("text") or ""
        claims.release(session, holder=conversation_id(tracker))
        appointment = find_call(session, reference) if reference and task == "change" else None
        asked = tracker.get_slot("requested_slot") == CHANGE or tracker.get_slot(CHANGE) is None
        if appointment and asked and answers.find_what(words) == answers.What.cancel:
            cancel_call(session, appointment, clinic=clinic, by=by_visitor(tracker), now=utc_now())
            return questions.plain("cancelled", clinic, reference=appointment.reference)
        return questions.stopped(appointment, task, clinic)
