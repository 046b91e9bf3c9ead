"""Secrets at rest: encrypted and authenticated before they are stored (Fernet: AES-128-CBC with HMAC-SHA256)."""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from postroom_domain.derived_keys import derive_all


class CannotUnseal(Exception):  # noqa: N818 - it says what is wrong
    """None of the secrets opens it: POSTROOM_SECRET_KEY has lost the key that it was sealed with."""


class Seal:
    """Encryption for one purpose: the newest secret seals, all open.

    Args:
        secrets: the newest first.
        purpose: what is sealed; what is sealed for one purpose cannot be opened for another.
    """

    def __init__(self, secrets: Sequence[str], purpose: str) -> None:
        self._fernet = MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derive_all(secrets, purpose)])

    def seal(self, plain: bytes) -> str:
        return self._fernet.encrypt(plain).decode()

    def unseal(self, sealed: str) -> bytes:
        """What was sealed.

        Raises:
            CannotUnseal: it was altered, or its key is gone.
        """
        try:
            return self._fernet.decrypt(sealed.encode())
        except InvalidToken:
            raise CannotUnseal("no key of POSTROOM_SECRET_KEY opens it") from None
