"""The trained model's rules and domain, and conversations of every kind that its rules allow, and some they do not."""

from __future__ import annotations

import functools
import os
import random
import tempfile
from pathlib import Path
from typing import Any, Iterator, List, Text, Type

from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    FollowupAction,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

MODEL = Path(os.environ.get("LOTUS_MODEL_DIR", "models")) / "lotus-guide.tar.gz"
FORM, LISTEN = "booking_form", "action_listen"
SLOTS = ["booking_name", "booking_phone", "booking_time", "booking_consent"]
OFTEN = ["book_call", "stop", "affirm", "deny", "inform", "talk_to_human", "medical_emergency", "express_crisis"]


@functools.lru_cache(maxsize=None)
def _model() -> tuple:
    """Kept for the whole run; the folder goes with the process."""
    folder = tempfile.TemporaryDirectory()
    storage, metadata = LocalModelStorage.from_model_archive(Path(folder.name), MODEL)
    [(_, node)] = [one for one in metadata.predict_schema.nodes.items() if issubclass(one[1].uses, RulePolicy)]
    return folder, storage, metadata.domain, node


def domain() -> Domain:
    return _model()[2]


def policy(kind: Type[RulePolicy] = RulePolicy) -> RulePolicy:
    _, storage, _, node = _model()
    config = {**kind.get_default_config(), **node.config}
    return kind.load(config, storage, Resource(node.resource.name), ExecutionContext(GraphSchema({})))


def begun(sender: Text) -> DialogueStateTracker:
    tracker = DialogueStateTracker(sender, domain().slots)
    tracker.model_id, tracker.assistant_id = "model", "assistant"
    for event in (ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted(LISTEN)):
        tracker.update(event, domain())
    return tracker


def said(intent: Text, text: Text = "words") -> UserUttered:
    ranking = [{"name": intent, "confidence": 0.9}, {"name": "greet", "confidence": 0.1}]
    read = {"text": text, "intent": ranking[0], "entities": [], "intent_ranking": ranking, "questions": []}
    return UserUttered(text, ranking[0], [], read, input_channel="rest", metadata={"language": "en"})


class Dialogue:
    """One conversation, decided by `policy`, with what actions may answer drawn by lot."""

    def __init__(self, policy: RulePolicy, seed: int) -> None:
        self._policy, self._draw = policy, random.Random(seed)  # noqa: S311 the same conversations each time
        self._intents = sorted(domain().intents)
        self.tracker = begun(f"conversation-{seed}:0")

    def turns(self, number: int) -> Iterator[DialogueStateTracker]:
        """The tracker at each moment before a decision; it goes on changing after it was yielded."""
        for _ in range(number):
            intent = self._draw.choice(OFTEN if self._draw.random() < 0.6 else self._intents)
            self._log(said(intent))
            for _ in range(8):
                yield self.tracker
                action = self._decide()
                if action == LISTEN:
                    break
            self._log(*self._now_and_then())

    def _decide(self) -> Text:
        prediction = self._policy.predict_action_probabilities(self.tracker, domain())
        action = domain().action_names_or_texts[prediction.max_confidence_index]
        if isinstance(self.tracker.events[-1], UserUttered):
            self._log(DefinePrevUserUtteredFeaturization(False))
        self._log(*prediction.events)
        events = self._events(action)
        if not any(isinstance(event, ActionExecutionRejected) for event in events):
            self._log(ActionExecuted(action, prediction.policy_name, prediction.max_confidence))
        self._log(*events)
        return action

    def _events(self, action: Text) -> List[Event]:
        if action == FORM and self.tracker.active_loop_name != FORM:
            return [ActiveLoop(FORM), SlotSet("requested_slot", SLOTS[0]), BotUttered("name?")]
        if action == FORM:
            return self._draw.choice(
                [
                    [ActionExecutionRejected(FORM, "RulePolicy", 1.0)],
                    [SlotSet(self._draw.choice(SLOTS), "x"), SlotSet("requested_slot", self._draw.choice(SLOTS))],
                    [SlotSet(SLOTS[3], True), SlotSet("requested_slot", None), ActiveLoop(None)],
                ]
            )
        if action == "action_deactivate_loop":
            return [ActiveLoop(None), SlotSet("requested_slot", None)]
        if action in (LISTEN, "action_session_start"):
            return []
        answer: List[Event] = [BotUttered(None, {"custom": {"kind": "answer", "text": "x"}}), SlotSet("fallbacks", 0)]
        return [AllSlotsReset()] if self._draw.random() < 0.2 else answer

    def _now_and_then(self) -> List[Any]:
        if self._draw.random() < 0.85:
            return []
        return self._draw.choice(
            [
                [Restarted(), ActionExecuted(LISTEN)],
                [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted(LISTEN)],
                [UserUtteranceReverted(), ActionExecuted(LISTEN)],
                [ActionReverted(), ActionExecuted(LISTEN)],
                [FollowupAction("action_answer_question"), ActionExecuted("action_answer_question")],
                [ActiveLoop(None), ActionExecuted(LISTEN)],
            ]
        )

    def _log(self, *events: Event) -> None:
        for event in events:
            self.tracker.update(event, domain())
