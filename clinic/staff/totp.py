"""The second factor: codes of an authenticator app (RFC 6238), and how their secrets are kept."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pyotp.totp import TOTP

STEP_SECONDS = 30
DRIFT = 1  # steps that a phone's clock may be off, either way
NONCE_BYTES = 12
PLAIN_LENGTH = 32  # a secret of 160 bits in base32; sealed with nonce and tag, it is 64 characters of base64


class SecretUnreadable(Exception):
    """A stored secret cannot be opened: the key of the settings is missing or another one."""


class Vault:
    """Seals secrets with AES-GCM under the settings' key, bound to their owner; without a key they stay plain."""

    def __init__(self, key: str) -> None:
        self._cipher = AESGCM(hashlib.sha256(b"lotus totp " + key.encode()).digest()) if key else None

    def seal(self, secret: str, *, owner: str) -> str:
        if self._cipher is None:
            return secret
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, base64.b32decode(secret), owner.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def open(self, stored: str, *, owner: str) -> str:
        """Raises SecretUnreadable. A secret of before there was a key is read as it is."""
        if len(stored) == PLAIN_LENGTH:
            return stored
        if self._cipher is None:
            raise SecretUnreadable(owner)
        raw = base64.urlsafe_b64decode(stored)
        try:
            secret = self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], owner.encode())
        except InvalidTag as problem:
            raise SecretUnreadable(owner) from problem
        return base64.b32encode(secret).decode()


def new_secret() -> str:
    return pyotp.random_base32(PLAIN_LENGTH)


def accepted_step(secret: str, code: str, *, last_step: int | None, now: datetime) -> int | None:
    """The time step whose code this is, None where it is of no step near now or of one that was used already."""
    typed = "".join(code.split())
    totp, here = TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    steps = range(here - DRIFT, here + DRIFT + 1)
    fitting = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), typed.encode())]
    return next((step for step in fitting if last_step is None or step > last_step), None)


def qr_svg(secret: str, *, email: str, issuer: str) -> str:
    """The picture that an authenticator app reads, as inline SVG without styles."""
    address = TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)
    return segno.make(address, error="m", micro=False).svg_inline(
        scale=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
