"""Our RulePolicy decides as Rasa's own does."""

from __future__ import annotations

import json
from typing import Any, Dict

from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.events import ActionExecuted, ActiveLoop
from rasa.shared.core.trackers import DialogueStateTracker

from engine.checks import dialogues
from engine.checks.dialogues import Dialogue, begun, domain, said
from engine.patches import rules

CONVERSATIONS, TURNS = 250, 6


class Stock(RulePolicy):
    _find_action_from_rules = rules.stock_find
    _prediction_states = rules.stock_states
    _get_possible_keys = rules.stock_keys


def decision(policy: RulePolicy, tracker: DialogueStateTracker) -> Dict[str, Any]:
    prediction, source = policy._predict(tracker, domain())
    return {
        "probabilities": prediction.probabilities,
        "events": [event.as_dict()["event"] for event in prediction.events],
        "whole message": prediction.is_end_to_end_prediction,
        "without the visitor": prediction.is_no_user_prediction,
        "hidden": prediction.hide_rule_turn,
        "source": source,
    }


def test_hundreds_of_conversations_are_decided_as_by_rasa_s_own_policy() -> None:
    ours, stock = dialogues.policy(), dialogues.policy(Stock)
    seen = set()
    for seed in range(CONVERSATIONS):
        for tracker in Dialogue(stock, seed).turns(TURNS):
            expected = decision(stock, tracker)
            assert decision(ours, tracker) == expected, f"seed {seed}: {[str(event) for event in tracker.events]}"
            seen.add(str(expected["source"])[:300])
    assert len(seen) > 100, "too few kinds of decisions came up to say anything"


def test_every_rule_is_met_as_by_rasa_s_own_policy() -> None:
    ours, stock = dialogues.policy(), dialogues.policy(Stock)
    met = 0
    for key, action in ours.lookup["rules"].items():
        tracker = as_in_rule(json.loads(key))
        expected = decision(stock, tracker)
        assert decision(ours, tracker) == expected, key
        met += expected["probabilities"][domain().index_for_action(action)] == 1.0
    assert met > len(ours.lookup["rules"]) / 2, "the trackers made here do not meet their rules"


def as_in_rule(states: list) -> DialogueStateTracker:
    """A tracker that went through the states of a rule."""
    tracker = begun("rule:0")
    for state in states:
        before = state.get("prev_action", {}).get("action_name")
        if before and before != tracker.latest_action_name:
            tracker.update(ActionExecuted(before))
        loop = state.get("active_loop", {}).get("name")
        if loop:
            tracker.update(ActiveLoop(None if loop == "should_not_be_set" else loop))
        intent = state.get("user", {}).get("intent")
        if intent and tracker.latest_message.intent_name != intent:
            tracker.update(said(intent))
    return tracker
