"""The second net: what Rasa itself took for a crisis, an emergency or a wish to talk to a person."""

from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import AllSlotsReset
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.types import DomainDict
from sqlalchemy.orm import Session

from actions.answer_question import understood
from actions.booking_answer import an_answer_after_all
from actions.runtime import conversation_id, language, metadata, runtime, utter
from clinic.booking.answers import PERSON
from clinic.booking.claims import release
from clinic.chat.reply import Reply
from clinic.clock import utc_now
from clinic.faults import fault
from clinic.handoff.asked import person_asked_reply
from clinic.handoff.escalate import open_escalation
from clinic.handoff.finding import Finding
from clinic.handoff.protocol import crisis_reply
from clinic.handoff.reach import reach
from clinic.models import Conversation

FINDINGS = {
    "express_crisis": Finding(risk="suicide", severity="acute", source="nlu"),
    "medical_emergency": Finding(risk="medical_emergency", severity="acute", source="nlu"),
    "talk_to_human": Finding(risk="none", severity="concern", source="visitor"),
}


class ActionOpenHandoff(Action):
    def name(self) -> str:
        return "action_open_handoff"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[dict[str, Any]]:
        # How sure Rasa has to be for each of these is set in config.yml (at_least).
        intent = understood(tracker).intent
        in_form = intent == "talk_to_human" and tracker.active_loop.get("name")
        if in_form and (answered := await an_answer_after_all(tracker, PERSON)):
            return answered
        finding = replace(FINDINGS[intent], language=language(tracker))
        fault("actions.called")
        reply = await runtime().transaction(lambda session: self._open(session, tracker, finding))
        fault("actions.handoff_committed")
        utter(dispatcher, reply)
        return [AllSlotsReset()]

    def _open(self, session: Session, tracker: Tracker, finding: Finding) -> Reply:
        now = utc_now()
        conversation = session.get_one(Conversation, conversation_id(tracker))
        release(session, holder=conversation.id)  # whoever leaves the booking for this wants no time kept
        opened = open_escalation(
            session,
            conversation=conversation,
            finding=finding,
            message_id=metadata(tracker).get("message_id"),
            now=now,
        )
        fault("actions.handoff_stored")
        reached = reach(
            session,
            clinic=runtime().clinic,
            alert_urls=runtime().settings.alert_urls,
            severity=finding.severity,
            language=finding.language,
            now=now,
        )
        if finding.risk == "none":
            return person_asked_reply(runtime().clinic, finding.language, closed_until=reached.closed_until)
        earlier = 0 if opened.is_news else conversation.crisis_replies
        conversation.crisis_replies += 1
        also = ["safeut"] if conversation.says_minor else []
        return crisis_reply(
            finding, people=reached.people, earlier=earlier, also=also, closed_until=reached.closed_until
        )
