"""data/playbook.yml: what staff read beside a chat, the ready sentences, and the reasons to close a handoff."""

from typing import Any

from clinic.content import DATA, Live, read_yaml
from clinic.errors import InvalidInput

FILE = DATA / "playbook.yml"


def read_playbook() -> dict[str, Any]:
    """The file, its keys looked up once, so that a page never meets a half-written entry."""
    book = read_yaml(FILE)
    for reason in book["close_reasons"]:
        _ = reason["id"], reason["title"]
    for section in book["sections"]:
        _ = section["id"], section["title"], section["note"], section["items"][0]
    for canned in book["canned_resources"]:
        _ = canned["id"], canned["title"], canned["en"], canned["es"]
    return book


playbook = Live(read_playbook, FILE)


def close_reason(reason: str) -> dict[str, Any]:
    """The entry of this id. Raises InvalidInput where the file has none."""
    found = next((entry for entry in playbook()["close_reasons"] if entry["id"] == reason), None)
    if found is None:
        raise InvalidInput("close_reason")
    return found
