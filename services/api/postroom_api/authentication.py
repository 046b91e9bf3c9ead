"""Who is asking: an API key opens one workspace."""

import asyncio
import hmac
import time
from dataclasses import dataclass
from uuid import UUID

from postroom_api.asking import ask
from postroom_api.bodies import AnyRequest
from postroom_api.errors import INVALID_API_KEY, MISSING_API_KEY, ApiError
from postroom_database.engine import Database
from postroom_database.repositories import api_keys
from postroom_domain.tokens import DEVELOPMENT_KEY, hash_token

_CACHED_SECONDS = 3.0
_CACHED_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Principal:
    key_id: UUID
    workspace_id: UUID


class Keyring:
    """Principals by token, looked up at most once in three seconds, so that a revocation is felt by then."""

    def __init__(self, database: Database, *, development: bool) -> None:
        self._database = database
        self._development = development
        self._cache: dict[bytes, tuple[float, asyncio.Future[Principal]]] = {}

    async def principal(self, request: AnyRequest) -> Principal:
        """The principal of a request.

        Raises:
            ApiError: no key, or one that opens nothing.
            DatabaseUnavailable: the key is not known here and cannot be looked up.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise ApiError(
                MISSING_API_KEY, "Missing API key in the authorization header: `Authorization: Bearer <key>`."
            )
        token_hash = hash_token(token)
        now = time.monotonic()
        cached = self._cache.get(token_hash)
        if cached is not None and cached[0] > now:
            return await asyncio.shield(cached[1])
        return await self._remember(token_hash, token, now)

    async def _remember(self, token_hash: bytes, token: str, now: float) -> Principal:
        # One look-up for however many requests of this key wait for it.
        looked_up = asyncio.ensure_future(asyncio.to_thread(self._look_up, token_hash, token))
        if len(self._cache) >= _CACHED_KEYS:
            self._cache.clear()
        self._cache[token_hash] = (now + _CACHED_SECONDS, looked_up)
        try:
            return await asyncio.shield(looked_up)
        except Exception:
            self._cache.pop(token_hash, None)
            raise

    def _look_up(self, token_hash: bytes, token: str) -> Principal:
        if token == DEVELOPMENT_KEY and not self._development:
            raise _invalid()
        found = ask(self._database, lambda connection: api_keys.find_active(connection, token_hash))
        if found is None or not hmac.compare_digest(found.token_hash, token_hash):
            raise _invalid()
        return Principal(key_id=found.id, workspace_id=found.workspace_id)


def _invalid() -> ApiError:
    return ApiError(INVALID_API_KEY, "API key is invalid.")
