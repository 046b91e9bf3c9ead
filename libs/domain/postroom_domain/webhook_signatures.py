"""Signatures of webhook deliveries (Standard Webhooks, which is Svix's scheme)."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from uuid import UUID

_PREFIX = "whsec_"
_MESSAGE_ID = re.compile(r"msg_(?P<hex>[0-9a-f]{32})")
_SECONDS = re.compile(r"[0-9]{1,12}")
_SECRET_BYTES = 24
"""A multiple of three: some verifiers cannot read base64 without its padding, and this needs none."""

_TOLERANCE_SECONDS = 300
"""What every known verifier allows: an older request may be somebody's recording."""


class InvalidSignature(Exception):  # noqa: N818 - it says what is wrong
    """Not what the holder of the secret signed, or not lately."""


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


def parse_message_id(text: str) -> UUID | None:
    """The delivery that a text names; None: it names none, because message_id makes no such text."""
    found = _MESSAGE_ID.fullmatch(text)
    return None if found is None else UUID(found["hex"])


def verify(signing_secret: str, message_id: str, timestamp: str, signature: str, body: bytes, *, now: float) -> None:
    """Check a request as whoever receives webhooks does.

    Args:
        signing_secret: as new_secret made it.
        message_id: the header ``svix-id``; empty where there is none, as the next two.
        timestamp: the header ``svix-timestamp``.
        signature: the header ``svix-signature``; one of its signatures has to be right.
        body: exactly as it came.
        now: seconds since 1970.

    Raises:
        InvalidSignature: saying what is wrong.
    """
    if not _SECONDS.fullmatch(timestamp):
        raise InvalidSignature("the timestamp is no number of seconds")
    if abs(now - int(timestamp)) > _TOLERANCE_SECONDS:
        raise InvalidSignature(f"the timestamp is more than {_TOLERANCE_SECONDS} seconds away")
    signed = f"{message_id}.{timestamp}.".encode(errors="replace") + body
    expected = f"v1,{_digest(signing_secret, signed)}".encode()
    found = [hmac.compare_digest(expected, given.encode(errors="replace")) for given in signature.split(" ")]
    if not any(found):
        raise InvalidSignature("no signature is of this secret")


def _digest(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
