"""Answers a topic, a boundary, small talk, or says that it was not understood."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict

from actions.runtime import aftermath, conversation_id, runtime, utter
from clinic.answering import Understood, answer
from clinic.booking.contact import find_phone
from clinic.chat.reply import Reply
from clinic.handoff.escalate import add_phone
from clinic.handoff.protocol import phone_added_reply


def understood(tracker: Tracker) -> Understood:
    """Rasa's ranking; a tapped button has only the one intent."""
    latest = tracker.latest_message
    ranking = latest.get("intent_ranking") or [latest["intent"]]
    return Understood([(one["name"], float(one["confidence"])) for one in ranking if one.get("name")])


def answer_to(tracker: Tracker) -> Reply:
    return answer(
        understood(tracker),
        clinic=runtime().clinic,
        last_topic=tracker.get_slot("last_topic"),
        aftermath=aftermath(tracker),
    )


class ActionAnswerQuestion(Action):
    def name(self) -> str:
        return "action_answer_question"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        reply = await self._phone_after_a_flag(tracker) or answer_to(tracker)
        utter(dispatcher, reply)
        return [SlotSet("last_topic", reply.topic)] if reply.kind == "answer" else []

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
