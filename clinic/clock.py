"""Time: stored in UTC, spoken in the clinic's zone."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment, aware, in UTC. Callers pass it on, so that tests can pass another."""
    return datetime.now(UTC)


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with a Z; None stays None."""
    return moment and moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
