"""Run-time patches of Rasa 3.6.21, in memory only; docs/decisions/0002-engine-patches.md says why each is there."""

from engine.patches import actions, graph, rules, small, trackers


def apply() -> None:
    """Call after Rasa was imported, before its main."""
    small.apply()
    graph.apply()
    trackers.apply()
    rules.apply()
    actions.apply()
