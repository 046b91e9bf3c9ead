"""What stands before every endpoint: a key that opens a workspace, may do what is asked, and not too often."""

from postroom_api.authentication import Keyring, Principal
from postroom_api.bodies import AnyRequest
from postroom_api.edge import ANSWER_HEADERS
from postroom_api.errors import RATE_LIMITED, RESTRICTED_API_KEY, ApiError, refuse
from postroom_api.key_use import KeyUse
from postroom_api.rate_limit import RateLimit
from postroom_domain.permissions import Permission


class Access:
    def __init__(self, keyring: Keyring, key_use: KeyUse, rate_limit: RateLimit) -> None:
        self._keyring = keyring
        self._key_use = key_use
        self._rate_limit = rate_limit

    async def send(self, request: AnyRequest) -> Principal:
        """Who may send emails.

        Raises:
            ApiError: no key, a wrong one, or too many requests of it.
            DatabaseUnavailable: the key cannot be looked up.
        """
        who = await self._keyring.principal(request)
        self._key_use.note(who.key_id)
        standing = await self._rate_limit.take(who.key_id)
        if standing is not None:
            request.scope["state"][ANSWER_HEADERS] = standing.headers()
            if standing.is_over:
                raise ApiError(
                    RATE_LIMITED, {"limit": standing.limit}, headers={"retry-after": str(standing.reset_seconds)}
                )
        return who

    async def manage(self, request: AnyRequest) -> Principal:
        """Who may do everything in the workspace.

        Raises:
            ApiError: as for sending, and for a key that may only send.
            DatabaseUnavailable: the key cannot be looked up.
        """
        who = await self.send(request)
        if who.permission is not Permission.FULL_ACCESS:
            raise refuse(RESTRICTED_API_KEY)
        return who
