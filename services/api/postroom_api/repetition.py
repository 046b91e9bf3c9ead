"""A request that was answered before is answered the same, even where it could not be made any more.

What a request refers to, such as a template, may be gone or changed when a client repeats it. Whether a key was
answered before is otherwise asked when its emails are stored (group_commit), so this asks only what never gets there.
"""

import asyncio
import hashlib
from collections.abc import Awaitable
from dataclasses import dataclass
from uuid import UUID

from loguru import logger

from postroom_api.apart import apart
from postroom_api.asking import ask
from postroom_api.bodies import AnyRequest, Body
from postroom_api.errors import INVALID_IDEMPOTENCY_KEY, ApiError, refuse
from postroom_api.submission import Submission, hash_key
from postroom_database.engine import Database
from postroom_database.repositories import idempotency
from postroom_database.repositories.idempotency import KeyId
from postroom_domain.limits import MAX_IDEMPOTENCY_KEY


@dataclass(frozen=True, slots=True)
class Keyed:
    """A client's idempotency key, and SHA-256 of what it sent with it."""

    key: KeyId
    fingerprint: bytes


async def read_key(request: AnyRequest, body: Body, workspace_id: UUID, endpoint: str, mode: str = "") -> Keyed | None:
    """The idempotency key of a request; None when it has none.

    Args:
        request: whose header it is.
        body: of the request.
        workspace_id: whom the key holds for.
        endpoint: what it holds for.
        mode: of a batch. Repeated in the other mode it is another request: its answer would have another shape.

    Raises:
        ApiError: the key is empty or too long.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_IDEMPOTENCY_KEY:
        raise refuse(INVALID_IDEMPOTENCY_KEY)
    return Keyed(KeyId(workspace_id, endpoint, hash_key(key)), await apart(len(body), lambda: _fingerprint(body, mode)))


async def made_or_repeated(database: Database, keyed: Keyed | None, making: Awaitable[Submission]) -> Submission:
    """What is made of a request; where nothing is, what its key was answered before.

    Raises:
        ApiError: it cannot be made, and was not made before.
        DatabaseUnavailable: nobody knows.
    """
    try:
        made = await making
    except ApiError:
        earlier = await _earlier(database, keyed)
        if earlier is None:
            raise
        return earlier
    # Of a permissive batch that is refused as a whole, nothing will be stored.
    return made if made.drafts else await _earlier(database, keyed) or made


async def _earlier(database: Database, keyed: Keyed | None) -> Submission | None:
    if keyed is None:
        return None
    remembered = await asyncio.to_thread(ask, database, lambda connection: idempotency.recall(connection, keyed.key))
    if remembered is None or remembered.fingerprint != keyed.fingerprint:
        return None
    logger.info("email.repeated")
    return Submission(drafts=(), answer=remembered.answer)


def _fingerprint(body: Body, mode: str) -> bytes:
    digest = hashlib.sha256(mode.encode())
    digest.update(body)
    return digest.digest()
