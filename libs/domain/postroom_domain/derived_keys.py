"""One secret, many uses: each purpose gets a key of its own, so that what one gives away helps with no other."""

import hashlib
import hmac
from collections.abc import Sequence


def derive(secret: str, purpose: str) -> bytes:
    """32 bytes for one purpose. The secret is random and long, so one HMAC is a sound derivation (RFC 5869, 3.3)."""
    return hmac.new(secret.encode(), f"postroom/{purpose}".encode(), hashlib.sha256).digest()


def derive_all(secrets: Sequence[str], purpose: str) -> tuple[bytes, ...]:
    """One key for each secret, the newest first.

    Raises:
        ValueError: there is no secret.
    """
    if not secrets:
        raise ValueError("at least one secret is needed")
    return tuple(derive(secret, purpose) for secret in secrets)
