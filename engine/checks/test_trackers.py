"""Copies of trackers, and trackers that the store remembered, are like those replayed from the beginning."""

from __future__ import annotations

import asyncio
import copy
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterator

from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import ActionExecuted, BotUttered, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

from engine.checks import dialogues
from engine.checks.dialogues import Dialogue, begun, domain, said
from engine.patches.trackers import replayed_copy
from engine.tracker_store import KEPT, RememberingTrackerStore

CONVERSATIONS = 40


def state(tracker: DialogueStateTracker) -> Dict[str, Any]:
    seen = tracker.current_state(EventVerbosity.ALL)
    slots = {name: (slot.value, slot.has_been_set) for name, slot in tracker.slots.items()}
    said = tracker.latest_bot_utterance
    return {**seen, "slots": slots, "said": (said.text, said.data, said.metadata)}


def stores() -> Iterator[RememberingTrackerStore]:
    """Two on the same file, as two processes have it."""
    folder = tempfile.mkdtemp()
    for _ in range(2):
        yield RememberingTrackerStore(domain(), host=f"sqlite:///{Path(folder) / 'tracker.db'}")


def run(work: Any) -> Any:
    return asyncio.run(work)


def test_a_copy_is_like_one_that_replays_the_conversation() -> None:
    for seed in range(CONVERSATIONS):
        for tracker in Dialogue(dialogues.policy(), seed).turns(4):
            ours, replayed = tracker.copy(), replayed_copy(tracker)
            replayed.followup_action = tracker.followup_action  # Rasa clears it without an event
            assert state(ours) == state(replayed), seed


def test_a_change_of_a_copy_does_not_reach_the_original() -> None:
    tracker = begun("copy:0")
    before = copy.deepcopy(state(tracker))
    other = tracker.copy()
    for event in (said("greet"), SlotSet("booking_name", "Dana"), BotUttered("hello")):
        other.update(event)
    assert state(tracker) == before


def test_a_remembered_tracker_is_like_one_read_from_the_database() -> None:
    ours, other = stores()
    for seed in range(CONVERSATIONS):
        dialogue = Dialogue(dialogues.policy(), seed)
        for _ in dialogue.turns(5):
            pass
        tracker = dialogue.tracker
        run(ours.save(tracker))
        remembered, read = run(ours.retrieve(tracker.sender_id)), run(other.retrieve(tracker.sender_id))
        assert remembered is tracker
        read.followup_action = remembered.followup_action
        assert state(remembered) == state(read), seed


def test_rasa_s_own_store_reads_what_ours_wrote_and_the_other_way_round() -> None:
    folder = tempfile.mkdtemp()
    own = SQLTrackerStore(domain(), db=f"{folder}/tracker.db")
    ours = RememberingTrackerStore(domain(), host=f"sqlite:///{folder}/tracker.db")
    tracker = begun("both:0")
    run(ours.save(tracker))
    theirs = run(own.retrieve("both:0"))
    theirs.update(said("greet"))
    run(own.save(theirs))
    read = run(ours.retrieve("both:0"))
    assert [event.type_name for event in read.events] == ["session_started", "action", "user"]
    read.update(BotUttered("hello"))
    run(ours.save(read))
    assert state(run(own.retrieve("both:0"))) == state(read)


def test_what_a_failed_turn_did_is_forgotten() -> None:
    ours, _ = stores()
    run(ours.save(begun("failed:0")))
    run(ours.retrieve("failed:0")).update(said("greet"))  # and never saved
    assert run(ours.retrieve("failed:0")).latest_message.text is None


def test_a_change_after_the_saving_is_forgotten() -> None:
    ours, _ = stores()
    tracker = begun("changed:0")
    run(ours.save(tracker))
    tracker.update(said("greet"))
    assert run(ours.retrieve("changed:0")).latest_message.text is None


def test_what_another_process_wrote_is_seen() -> None:
    ours, other = stores()
    run(ours.save(begun("shared:0")))
    there = run(other.retrieve("shared:0"))
    there.update(said("greet", "from the other one"))
    run(other.save(there))
    here = run(ours.retrieve("shared:0"))
    assert here.latest_message.text == "from the other one"
    here.update(BotUttered("hello"))
    run(ours.save(here))
    assert len(run(other.retrieve("shared:0")).events) == len(here.events)


def test_a_turn_adds_its_events_once() -> None:
    ours, other = stores()
    tracker = begun("once:0")
    run(ours.save(tracker))
    for number in range(3):
        tracker = run(ours.retrieve("once:0"))
        tracker.update(said("greet", str(number)))
        run(ours.save(tracker))
        run(ours.save(tracker))
    events = run(other.retrieve_full_tracker("once:0")).events
    assert [event.text for event in events if event.type_name == "user"] == ["0", "1", "2"]


def test_a_new_session_leaves_the_old_events_behind() -> None:
    ours, other = stores()
    tracker = begun("session:0")
    tracker.update(said("greet", "yesterday"))
    run(ours.save(tracker))
    tracker = run(ours.retrieve("session:0"))
    for event in (ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")):
        tracker.update(event)
    run(ours.save(tracker))
    tracker = run(ours.retrieve("session:0"))
    assert [event.type_name for event in tracker.events] == ["session_started", "action"]
    tracker.update(said("greet", "today"))
    run(ours.save(tracker))
    assert state(run(other.retrieve("session:0"))) == state(tracker)
    assert len(run(other.retrieve_full_tracker("session:0")).events) == 8


def test_purged_events_are_not_remembered() -> None:
    ours, _ = stores()
    run(ours.save(begun("purged:0")))
    with ours.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM events")
    assert run(ours.retrieve("purged:0")) is None


def test_the_memory_holds_so_many_trackers_and_no_more() -> None:
    ours, _ = stores()
    for number in range(KEPT + 5):
        run(ours.save(begun(f"many-{number}:0")))
    assert len(ours._trackers) == KEPT
    assert run(ours.retrieve("many-0:0")) is not None
