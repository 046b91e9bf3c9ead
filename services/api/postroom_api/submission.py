"""One request's emails on their way to being stored."""

import hashlib
from dataclasses import dataclass

from postroom_database.drafts import Draft
from postroom_database.repositories.idempotency import KeyId


@dataclass(frozen=True, slots=True)
class Submission:
    """All of these are stored, or none.

    Attributes:
        drafts: one email, or a batch.
        answer: the body of the 200 that the client gets once they are stored.
        key: the client's idempotency key, if any.
        fingerprint: SHA-256 of the request's body.
    """

    drafts: tuple[Draft, ...]
    answer: bytes
    key: KeyId | None = None
    fingerprint: bytes = b""

    @property
    def size(self) -> int:
        return sum(draft.size for draft in self.drafts)


class IdempotencyConflict(Exception):  # noqa: N818 - it says what is wrong
    """The key was used in the last 24 hours for another body."""


def hash_key(key: str) -> bytes:
    """Keys are kept as hashes: of one length, and not readable in a dump."""
    return hashlib.sha256(key.encode()).digest()
