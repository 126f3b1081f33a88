"""RulePolicy without its detours: only the last turns are looked at, and rules are parsed once.

Rasa builds the state of the dialogue after each action from the beginning, four times a message, and compares each of
them with each rule. A rule says something of its own few turns only, so here the states of the last turns are made, as
many as the longest rule has. The decisions are the same: tests/engine/test_rules.py compares them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar, Dict, List, Optional, Set, Text, Tuple

from rasa.core.policies.rule_policy import RulePolicy
from rasa.shared.core.constants import PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted, ActiveLoop, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT

Rules = List[Tuple[Text, List[State]]]  # a rule's key, and its states from the last one back

stock_find = RulePolicy._find_action_from_rules
stock_states = RulePolicy._prediction_states
stock_keys = RulePolicy._get_possible_keys


class _Moment:
    """What Domain.get_active_state reads of a tracker, at one moment of the conversation."""

    slots: ClassVar[Dict[Text, Any]] = {}

    def __init__(self, message: Any, action: Any, loop: Optional[Text]) -> None:
        self.latest_message = message
        self.latest_action = action
        self.active_loop = None if loop is None else _Loop(loop)


class _Loop:
    def __init__(self, name: Text) -> None:
        self.name = name


def last_states(tracker: DialogueStateTracker, domain: Domain, number: int) -> List[State]:
    """The last `number` of `tracker.past_states(domain)`, for a domain whose slots have no features."""
    applied = tracker.applied_events()
    actions = [place for place, event in enumerate(applied) if isinstance(event, ActionExecuted)]
    ends = [*actions, len(applied)][-number:]
    return [domain.get_active_state(_moment_before(applied, end)) for end in ends]


def _moment_before(applied: List[Any], end: int) -> _Moment:
    message = action = loop = None
    for place in range(end - 1, -1, -1):
        event = applied[place]
        if action is None and isinstance(event, ActionExecuted):
            action = event.as_sub_state()
        elif message is None and isinstance(event, UserUttered):
            message = event
        elif loop is None and isinstance(event, ActiveLoop):
            loop = event
        if action is not None and message is not None and loop is not None:
            break
    return _Moment(message, action or {}, loop and loop.name)


class _Parsed:
    """The rules of one model, parsed, in groups by what their last state says of the action before and the intent."""

    def __init__(self, policy: RulePolicy) -> None:
        self._groups: Dict[int, Dict[Any, Rules]] = {}
        self.longest = 1
        for lookup in (policy.lookup["rules"], policy.lookup["rules_for_loop_unhappy_path"]):
            groups = self._groups[id(lookup)] = defaultdict(list)
            for key in lookup:
                states = policy._rule_key_to_state(key)[::-1]
                groups[_action_and_intent(states[0])].append((key, states))
                self.longest = max(self.longest, len(states))

    def possible(self, policy: RulePolicy, lookup: Dict[Text, Text], states: List[State]) -> Set[Text]:
        backwards = states[::-1]
        groups, (action, intent) = self._groups[id(lookup)], _action_and_intent(backwards[0])
        return {
            key
            for group in {(action, intent), (action, None)}
            for key, rule in groups.get(group, ())
            if all(state_is_met(policy, wanted, state) for wanted, state in zip(rule, backwards, strict=False))
        }


def _action_and_intent(state: State) -> Tuple[Text, Optional[Text]]:
    """Without an action before, Rasa does not compare the intent."""
    before = state.get(PREVIOUS_ACTION)
    intent = state.get(USER, {}).get(INTENT)
    return str(before or None), intent if before and intent != SHOULD_NOT_BE_SET else None


def state_is_met(policy: RulePolicy, wanted: State, state: State) -> bool:
    """As RulePolicy._is_rule_applicable compares one state of a rule with that of the conversation."""
    before, before_here = wanted.get(PREVIOUS_ACTION), state.get(PREVIOUS_ACTION)
    if not before or not before_here:
        return not before and not before_here
    return policy._does_rule_match_state(wanted, state)


def find_action(
    self: RulePolicy, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
) -> Tuple[Optional[Text], Optional[Text], bool]:
    """Rasa's own function, whose helpers look at the last turns only while it runs."""
    if type(tracker) is not DialogueStateTracker or any(slot.has_features() for slot in tracker.slots.values()):
        return stock_find(self, tracker, domain, use_text_for_last_user_input)  # training, or states that need slots
    if getattr(self, "_parsed", None) is None:
        self._parsed = _Parsed(self)
    self._short = True
    try:
        found = stock_find(self, tracker, domain, use_text_for_last_user_input)
    finally:
        self._short = False
    if found[0] is None and not use_text_for_last_user_input:
        # Where no rule applies the answer names all states.
        return stock_find(self, tracker, domain, use_text_for_last_user_input)
    return found


def prediction_states(
    self: RulePolicy,
    tracker: DialogueStateTracker,
    domain: Domain,
    use_text_for_last_user_input: bool = False,
    rule_only_data: Optional[Dict[Text, Any]] = None,
) -> List[State]:
    if not getattr(self, "_short", False):
        return stock_states(self, tracker, domain, use_text_for_last_user_input, rule_only_data)
    states = last_states(tracker, domain, self._parsed.longest)
    self.featurizer._choose_last_user_input([states], use_text_for_last_user_input)
    return states


def possible_keys(self: RulePolicy, lookup: Dict[Text, Text], states: List[State]) -> Set[Text]:
    if not getattr(self, "_short", False):
        return stock_keys(self, lookup, states)
    return self._parsed.possible(self, lookup, states)


def apply() -> None:
    RulePolicy._find_action_from_rules = find_action
    RulePolicy._prediction_states = prediction_states
    RulePolicy._get_possible_keys = possible_keys
