"""The certificates that SNS signs with, fetched from where only it can serve them."""

import asyncio
import time

from loguru import logger

from postroom_domain.errors import InvalidCertificate
from postroom_domain.sns_signatures import SigningCertificate
from postroom_egress.errors import EgressError
from postroom_egress.fetch import Egress

_MAX_BYTES = 65_536
_KEPT_SECONDS = 6 * 3600.0
_KEPT_CERTIFICATES = 16
_PATIENCE_SECONDS = 4.0
"""How long a message waits for its turn to fetch. SNS itself waits 15 seconds for an answer, fetching included."""


class NoCertificate(Exception):  # noqa: N818 - it says what is wrong
    """It cannot be had now; the same message may be checked later."""


class SigningCertificates:
    """Kept for some hours. Fetched one at a time: whoever makes messages up cannot make many fetches of them.

    Args:
        egress: reaches SNS. That the host is the named one, TLS proves; so the certificate's own chain is not followed.
    """

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._kept: dict[str, tuple[float, SigningCertificate]] = {}
        self._turn = asyncio.Lock()

    async def get(self, url: str) -> SigningCertificate:
        """The certificate at an address that was found to be one of SNS.

        Raises:
            NoCertificate: it was not got, or is none.
        """
        kept = self._find(url)
        if kept is not None:
            return kept
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._turn.acquire()
        except TimeoutError:
            raise NoCertificate from None
        try:
            # Somebody else may have fetched it in the meantime.
            return self._find(url) or self._keep(url, await asyncio.to_thread(self._fetch, url))
        finally:
            self._turn.release()

    def _find(self, url: str) -> SigningCertificate | None:
        until, certificate = self._kept.get(url, (0.0, None))
        return certificate if until > time.monotonic() else None

    def _keep(self, url: str, certificate: SigningCertificate) -> SigningCertificate:
        if len(self._kept) >= _KEPT_CERTIFICATES:
            self._kept.clear()
        self._kept[url] = (time.monotonic() + _KEPT_SECONDS, certificate)
        return certificate

    def _fetch(self, url: str) -> SigningCertificate:
        try:
            return SigningCertificate(self._egress.fetch(url, max_bytes=_MAX_BYTES).content)
        except (EgressError, InvalidCertificate) as problem:
            logger.warning("certificate.not_fetched", reason=str(problem))
            raise NoCertificate from problem
