"""The signed link to a call's page. It names the call by its reference; who has it may look, move and cancel."""

import hashlib

from itsdangerous import BadSignature, URLSafeSerializer

from clinic.crypto import keyring
from clinic.errors import NotFound


def call_token(reference: str) -> str:
    """Signed with the newest data key; links of earlier keys stay valid while those are kept."""
    return _signer().dumps(reference)


def call_link(reference: str, url: str) -> str:
    return f"{url.rstrip('/')}/calls/{call_token(reference)}"


def reference_of(token: str) -> str:
    """Raises NotFound for what was not signed here."""
    try:
        reference = _signer().loads(token)
    except BadSignature as problem:
        raise NotFound("call") from problem
    if not isinstance(reference, str):
        raise NotFound("call")
    return reference


def _signer() -> URLSafeSerializer:
    # Not the data keys themselves: what a signature gives away must say nothing about them. Oldest first.
    secrets = [hashlib.sha256(f"calls:{key}".encode()).hexdigest() for key in reversed(keyring().keys)]
    return URLSafeSerializer(secrets, salt="call")
