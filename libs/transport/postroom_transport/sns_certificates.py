"""The certificates that SNS signs with, fetched from where only it can serve them."""

import time

from postroom_domain.errors import InvalidCertificate
from postroom_domain.sns_signatures import SigningCertificate
from postroom_egress.errors import EgressError
from postroom_egress.fetch import Egress

_MAX_BYTES = 65_536
_KEPT_SECONDS = 6 * 3600.0
_KEPT_CERTIFICATES = 16


class NoCertificate(Exception):  # noqa: N818 - it says what is wrong
    """It cannot be had now; the same message may be checked later."""


class SigningCertificates:
    """Kept for some hours. Whoever fetches takes care that only one is fetched at a time.

    Args:
        egress: reaches SNS. That the host is the named one, TLS proves; so the certificate's own chain is not followed.
    """

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._kept: dict[str, tuple[float, SigningCertificate]] = {}

    def find(self, url: str) -> SigningCertificate | None:
        """One that is kept."""
        until, certificate = self._kept.get(url, (0.0, None))
        return certificate if until > time.monotonic() else None

    def fetch(self, url: str) -> SigningCertificate:
        """The certificate at an address that was found to be one of SNS; it is kept.

        Raises:
            NoCertificate: it was not got, or is none.
        """
        try:
            certificate = SigningCertificate(self._egress.fetch(url, max_bytes=_MAX_BYTES).content)
        except (EgressError, InvalidCertificate) as problem:
            raise NoCertificate(str(problem)) from problem
        if len(self._kept) >= _KEPT_CERTIFICATES:
            self._kept.clear()
        self._kept[url] = (time.monotonic() + _KEPT_SECONDS, certificate)
        return certificate
