"""Keys that make a repeated request answer what the first one answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, tuple_

from postroom_database.models import IdempotencyKey
from postroom_database.types import Now

KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True, order=True)
class KeyId:
    """Which key: it holds for one endpoint of one workspace. Ordered, so that transactions lock in one order."""

    workspace_id: UUID
    endpoint: str
    key_hash: bytes


@dataclass(frozen=True, slots=True)
class Remembered:
    fingerprint: bytes
    answer: bytes


_NAME = (IdempotencyKey.workspace_id, IdempotencyKey.endpoint, IdempotencyKey.key_hash)


def find(connection: Connection, keys: Iterable[KeyId]) -> dict[KeyId, Remembered]:
    """The answers of those keys that were used in the last 24 hours; older ones are forgotten on the way."""
    rows = connection.execute(
        select(
            *_NAME,
            IdempotencyKey.fingerprint,
            IdempotencyKey.answer,
            IdempotencyKey.created_at < Now(-KEPT_SECONDS),
        ).where(tuple_(*_NAME).in_([(key.workspace_id, key.endpoint, key.key_hash) for key in sorted(keys)]))
    )
    found: dict[KeyId, Remembered] = {}
    for workspace_id, endpoint, key_hash, fingerprint, answer, is_old in rows:
        key = KeyId(workspace_id, endpoint, bytes(key_hash))
        if is_old:
            _forget(connection, key)
        else:
            found[key] = Remembered(bytes(fingerprint), bytes(answer))
    return found


def recall(connection: Connection, key: KeyId) -> Remembered | None:
    """The answer of a key that was used in the last 24 hours; only read."""
    row = connection.execute(
        select(IdempotencyKey.fingerprint, IdempotencyKey.answer).where(
            IdempotencyKey.workspace_id == key.workspace_id,
            IdempotencyKey.endpoint == key.endpoint,
            IdempotencyKey.key_hash == key.key_hash,
            IdempotencyKey.created_at >= Now(-KEPT_SECONDS),
        )
    ).one_or_none()
    return None if row is None else Remembered(bytes(row.fingerprint), bytes(row.answer))


def add(connection: Connection, answers: dict[KeyId, Remembered]) -> None:
    """Remember answers; a key that another transaction stored meanwhile raises SQLAlchemy's IntegrityError."""
    connection.execute(
        insert(IdempotencyKey),
        [
            {
                "workspace_id": key.workspace_id,
                "endpoint": key.endpoint,
                "key_hash": key.key_hash,
                "fingerprint": answers[key].fingerprint,
                "answer": answers[key].answer,
            }
            for key in sorted(answers)
        ],
    )


def _forget(connection: Connection, key: KeyId) -> None:
    connection.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.workspace_id == key.workspace_id,
            IdempotencyKey.endpoint == key.endpoint,
            IdempotencyKey.key_hash == key.key_hash,
            IdempotencyKey.created_at < Now(-KEPT_SECONDS),
        )
    )
