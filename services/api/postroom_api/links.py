"""Links that open one thing for whoever holds them, until they expire."""

import re
import time
from collections.abc import Sequence

from postroom_api.bodies import AnyRequest
from postroom_domain.signing import Signer

_EXPIRY = re.compile(r"[0-9]{1,12}")


class Links:
    """Signed links below one path.

    Args:
        secrets: the newest first.
        purpose: what the links open; also the first part of their path.
        public_url: what they begin with; None: the host that the request named.
        seconds: how long they hold.
    """

    def __init__(self, secrets: Sequence[str], purpose: str, *, public_url: str | None, seconds: int) -> None:
        self._signer = Signer(secrets, f"links/{purpose}")
        self._purpose = purpose
        self._public_url = public_url
        self._seconds = seconds

    def make(self, request: AnyRequest, name: str) -> tuple[str, int]:
        """A link to ``name``, and when it ends, in seconds since 1970."""
        expires = int(time.time()) + self._seconds
        signature = self._signer.sign(f"{name} {expires}")
        base = self._public_url or _named(request)
        return f"{base}/{self._purpose}/{name}?expires={expires}&signature={signature}", expires

    def holds(self, request: AnyRequest, name: str) -> bool:
        """Whether the request came by such a link, and in time."""
        query = request.query_params
        expires, signature = query.get("expires", ""), query.get("signature", "")
        return (
            self._signer.verify(f"{name} {expires}", signature)
            and bool(_EXPIRY.fullmatch(expires))
            and time.time() < int(expires)
        )


# A host that is none was refused by the framework before.
def _named(request: AnyRequest) -> str:
    return f"{request.scope['scheme']}://{request.headers.get('host', 'localhost')}"
