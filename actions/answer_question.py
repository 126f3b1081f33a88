"""Answers a topic, a boundary, small talk, or says that it was not understood."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.runtime import aftermath, conversation_id, language, metadata, runtime, utter
from clinic.answering import Visit, replies
from clinic.booking.answers import What, find_what
from clinic.booking.book import By, open_calls
from clinic.booking.contact import find_phone
from clinic.booking.questions import manage, plain
from clinic.booking.texting import is_stop, stop_texts
from clinic.chat.reply import Reply
from clinic.clock import utc_now
from clinic.handoff.escalate import add_phone
from clinic.handoff.protocol import phone_added_reply
from clinic.understanding import Understood


def understood(tracker: Tracker) -> Understood:
    """Rasa's reading; a tapped button has only the one intent."""
    latest = tracker.latest_message
    whole = latest.get("intent_ranking") or [latest["intent"]]
    return Understood(_ranking(whole), [Understood(_ranking(one)) for one in latest.get("questions") or []])


def replies_to(tracker: Tracker) -> list[Reply]:
    visit = Visit(
        clinic=runtime().clinic,
        last_topic=tracker.get_slot("last_topic"),
        aftermath=aftermath(tracker),
        language=language(tracker),
        fallbacks=tracker.get_slot("fallbacks") or 0,
        is_minor=metadata(tracker).get("is_minor", False),
    )
    return replies(understood(tracker), visit)


def _ranking(ranked: list[dict[str, Any]]) -> list[tuple[str, float]]:
    return [(one["name"], float(one["confidence"])) for one in ranked if one.get("name")]


class ActionAnswerQuestion(Action):
    def name(self) -> str:
        return "action_answer_question"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        special = await self._phone_after_a_flag(tracker) or await self._no_more_texts(tracker)
        special = special or await self._about_a_booked_call(tracker)
        said = [special] if special else replies_to(tracker)
        for reply in said:
            utter(dispatcher, reply)
        last = said[-1]
        fallbacks = (tracker.get_slot("fallbacks") or 0) + 1 if last.kind == "fallback" else 0
        events = [SlotSet("fallbacks", fallbacks)]
        return [*events, SlotSet("last_topic", last.topic)] if last.kind == "answer" else events

    async def _phone_after_a_flag(self, tracker: Tracker) -> Reply | None:
        """A number written after a crisis reply belongs to the escalation; None where there is nothing to add."""
        phone = find_phone(tracker.latest_message.get("text") or "")
        if not (phone and aftermath(tracker).flagged):
            return None
        conversation = conversation_id(tracker)
        stored = await runtime().transaction(
            lambda session: add_phone(session, conversation_id=conversation, phone=phone)
        )
        return phone_added_reply(aftermath(tracker).language) if stored else None

    async def _no_more_texts(self, tracker: Tracker) -> Reply | None:
        """Whoever wants no more texts gets none, in whatever words; None where the message is about something else."""
        if not is_stop(tracker.latest_message.get("text") or ""):
            return None
        conversation, message = conversation_id(tracker), metadata(tracker).get("message_id")

        def end(session: Session) -> int:
            by = By("chat", message_id=message)
            phones = {call.phone for call in open_calls(session, conversation)}
            return sum(stop_texts(session, phone=phone, by=by, now=utc_now()) for phone in phones)

        ended = await runtime().transaction(end)
        return plain("texts_ended" if ended else "texts_none", runtime().clinic)

    async def _about_a_booked_call(self, tracker: Tracker) -> Reply | None:
        """ "Cancel it" after a booking is no stray stop: it leads to what can be done with the call."""
        words = tracker.latest_message.get("text") or ""
        if understood(tracker).intent != "stop" or find_what(words) != What.cancel:
            return None
        conversation = conversation_id(tracker)
        calls = await runtime().transaction(lambda session: open_calls(session, conversation))
        return manage(calls[0], runtime().clinic) if calls else None
