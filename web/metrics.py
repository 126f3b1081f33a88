"""Counters and timers for /metrics. Labels are kinds and outcomes, never ids or words."""

from prometheus_client import Counter, Gauge, Histogram

TURNS = Counter("lotus_turns_total", "Messages of visitors by what answered them", ["outcome"])
TURN_SECONDS = Histogram(
    "lotus_turn_seconds", "From the message's arrival to its stored reply", ["outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 6, 10),
)  # fmt: skip
SCREEN_SECONDS = Histogram(
    "lotus_screen_seconds",
    "One assessment by the crisis screen",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.5),
)
SCREEN_FAILURES = Counter("lotus_screen_failures_total", "Messages the crisis screen could not read")
RASA_FAILURES = Counter("lotus_rasa_failures_total", "Turns that ended in the safe text, by cause", ["cause"])
SPOOLED = Counter("lotus_spooled_total", "Escalations written to the spool", ["outcome"])
REFUSED = Counter("lotus_refused_total", "Requests refused, by code", ["code"])
UNHANDLED = Counter("lotus_unhandled_errors_total", "Requests that ended in an error nobody expected")
ESCALATIONS = Gauge("lotus_escalations", "Escalations that are not closed, by state", ["state"])
OLDEST_OPEN = Gauge("lotus_oldest_unacknowledged_seconds", "Age of the oldest escalation nobody has acknowledged")
ALERTS_CALLING = Gauge("lotus_alerts_calling", "Alerts that are being sent or repeated")
ALERTS_FAILING = Gauge("lotus_alerts_failing", "Alerts that were tried and that no channel has taken")
ATTEMPTS = Gauge("lotus_alert_attempts", "Attempts to send an alert that are stored, by outcome", ["outcome"])
STREAMS = Gauge("lotus_open_streams", "Open event streams")
