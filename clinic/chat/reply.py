"""What is said to a visitor, before it is stored as a message."""

from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict


class Button(TypedDict):
    """`payload`: `/topic`, plain text (inside a form), or a tel:, sms: or https: link."""

    title: str
    payload: str


class Source(TypedDict):
    """A cited source; `url` is None where it has no public address."""

    title: str
    url: str | None


@dataclass(frozen=True)
class Reply:
    """One assistant message. `kind` is one of the HTTP contract's kinds."""

    kind: str
    text: str
    topic: str | None = None
    buttons: list[Button] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
