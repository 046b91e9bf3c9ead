"""Signatures of webhook deliveries (Standard Webhooks, which is Svix's scheme)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from uuid import UUID

_PREFIX = "whsec_"
_SECRET_BYTES = 24
"""A multiple of three: some verifiers cannot read base64 without its padding, and this needs none."""


def new_secret() -> str:
    """``whsec_`` and 24 random bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def message_id(delivery_id: UUID) -> str:
    """The value of ``svix-id``, and the id of the delivery for clients: the same in every attempt."""
    return f"msg_{delivery_id.hex}"


def sign(signing_secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The value of ``svix-signature``: one signature for each secret, with a space between them.

    Args:
        signing_secrets: as new_secret made them; one, or two while a rotation overlaps.
        message_id: of the delivery, the same in every attempt.
        timestamp: whole seconds since 1970, of this attempt.
        body: exactly as it is posted.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_digest(secret, signed)}" for secret in signing_secrets)


def _digest(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
