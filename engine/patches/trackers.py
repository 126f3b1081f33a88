"""Copies of trackers without replaying the whole conversation."""

from __future__ import annotations

import copy

from rasa.shared.core.trackers import DialogueStateTracker

replayed_copy = DialogueStateTracker.copy


def copied(self: DialogueStateTracker) -> DialogueStateTracker:
    """A tracker with the same events and state; Rasa applies all events of the conversation again to get there."""
    if type(self) is not DialogueStateTracker:
        return replayed_copy(self)
    tracker = self.init_copy()
    for name, slot in self.slots.items():
        tracker.slots[name].__dict__.update(slot.__dict__)
    tracker.events.extend(self.events)
    tracker._paused = self._paused
    tracker.followup_action = self.followup_action
    tracker.latest_action = self.latest_action
    tracker.latest_message = self.latest_message
    tracker.latest_bot_utterance = self.latest_bot_utterance
    tracker.active_loop = copy.copy(self.active_loop)
    return tracker


def apply() -> None:
    DialogueStateTracker.copy = copied
