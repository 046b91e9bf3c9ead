"""Signatures of what Postroom hands out and gets back, such as links."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from postroom_domain.derived_keys import derive_all


class Signer:
    """HMAC-SHA256 for one purpose: the newest secret signs, all verify.

    Args:
        secrets: the newest first.
        purpose: what is signed; a signature for one purpose is none for another.
    """

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        self._keys = derive_all(secrets, purpose)

    def sign(self, message: str) -> str:
        """43 characters that may stand in a URL."""
        return _sign(self._keys[0], message)

    def verify(self, message: str, signature: str) -> bool:
        given = signature.encode("utf-8", "surrogatepass")
        # All keys are tried, so that the time taken does not tell which one it was.
        matches = [hmac.compare_digest(_sign(key, message).encode(), given) for key in self._keys]
        return any(matches)


def _sign(key: bytes, message: str) -> str:
    digest = hmac.new(key, message.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
