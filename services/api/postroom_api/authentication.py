"""Who is asking: an API key opens one workspace."""

import hmac
from dataclasses import dataclass
from uuid import UUID

from postroom_api.asking import ask
from postroom_api.bodies import AnyRequest
from postroom_api.errors import INVALID_API_KEY, MISSING_API_KEY, refuse
from postroom_api.recent import Recent
from postroom_database.engine import Database
from postroom_database.repositories import api_keys
from postroom_domain.permissions import Permission
from postroom_domain.tokens import DEVELOPMENT_KEY, hash_token

_KEPT_SECONDS = 3.0
_KEPT_KEYS = 10_000
_DEVELOPMENT_HASH = hash_token(DEVELOPMENT_KEY)


@dataclass(frozen=True, slots=True)
class Principal:
    """What a request may do, and for whom.

    Attributes:
        is_bound: whether it may send from one domain only.
        domain: that domain; None when it is gone.
    """

    key_id: UUID
    workspace_id: UUID
    permission: Permission
    is_bound: bool
    domain: str | None


class Keyring:
    """Principals by token, looked up at most once in three seconds, so that a revocation is felt by then."""

    def __init__(self, database: Database, *, development: bool) -> None:
        self._database = database
        self._development = development
        self._recent = Recent(self._look_up, seconds=_KEPT_SECONDS, entries=_KEPT_KEYS)

    async def principal(self, request: AnyRequest) -> Principal:
        """The principal of a request.

        Raises:
            ApiError: no key, or one that opens nothing.
            DatabaseUnavailable: the key is not known here and cannot be looked up.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise refuse(MISSING_API_KEY)
        return await self._recent.get(hash_token(token))

    def _look_up(self, token_hash: bytes) -> Principal:
        if token_hash == _DEVELOPMENT_HASH and not self._development:
            raise refuse(INVALID_API_KEY)
        found = ask(self._database, lambda connection: api_keys.open_with(connection, token_hash))
        if found is None or not hmac.compare_digest(found.token_hash, token_hash):
            raise refuse(INVALID_API_KEY)
        return Principal(
            key_id=found.key_id,
            workspace_id=found.workspace_id,
            permission=found.permission,
            is_bound=found.domain_id is not None,
            domain=found.domain,
        )
