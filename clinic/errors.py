"""What can go wrong in the clinic's domain.

ClinicError
├── NotFound            no such conversation, escalation or appointment
├── NotAllowed          the token does not open this conversation
├── InvalidInput        a value a person typed cannot be used; `reason` is a key, never their words
└── Conflict            the state has moved on since the caller looked
    └── HeldByAnother   somebody else has the chat; `owner` is their first name
"""


class ClinicError(Exception):
    """Anything the domain refuses."""


class NotFound(ClinicError):
    """No such thing."""


class NotAllowed(ClinicError):
    """The caller has not shown the right to do this."""


class InvalidInput(ClinicError):
    """A typed value cannot be used. `reason` is a stable key for the wording, never the value itself."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Conflict(ClinicError):
    """The state has moved on."""


class HeldByAnother(Conflict):
    """Somebody else has the chat already. `owner` is their first name, for the page of who came second."""

    def __init__(self, owner: str) -> None:
        super().__init__("held by another")
        self.owner = owner
