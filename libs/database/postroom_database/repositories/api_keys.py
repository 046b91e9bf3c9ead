from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from postroom_database.models import ApiKey
from postroom_database.types import Now
from postroom_domain.ids import new_id


@dataclass(frozen=True, slots=True)
class KeyRecord:
    id: UUID
    workspace_id: UUID
    name: str
    token_hash: bytes
    created_at: datetime
    revoked_at: datetime | None


_COLUMNS = (
    ApiKey.id,
    ApiKey.workspace_id,
    ApiKey.name,
    ApiKey.token_hash,
    ApiKey.created_at,
    ApiKey.revoked_at,
)


def add(connection: Connection, *, workspace_id: UUID, name: str, token_hash: bytes) -> UUID:
    key_id = new_id()
    connection.execute(
        insert(ApiKey), [{"id": key_id, "workspace_id": workspace_id, "name": name, "token_hash": token_hash}]
    )
    return key_id


def find_active(connection: Connection, token_hash: bytes) -> KeyRecord | None:
    """The key that a token opens, unless it was revoked."""
    row = connection.execute(
        select(*_COLUMNS).where(ApiKey.token_hash == token_hash, ApiKey.revoked_at.is_(None))
    ).one_or_none()
    return None if row is None else KeyRecord(*row)


def of_workspace(connection: Connection, workspace_id: UUID) -> list[KeyRecord]:
    rows = connection.execute(select(*_COLUMNS).where(ApiKey.workspace_id == workspace_id).order_by(ApiKey.id))
    return [KeyRecord(*row) for row in rows]


def revoke(connection: Connection, *, workspace_id: UUID, key_id: UUID) -> bool:
    """End a key. False when there is no such key in the workspace; revoking twice keeps the first time."""
    mine = (ApiKey.id == key_id, ApiKey.workspace_id == workspace_id)
    if connection.execute(select(ApiKey.id).where(*mine)).one_or_none() is None:
        return False
    connection.execute(update(ApiKey).where(*mine, ApiKey.revoked_at.is_(None)).values(revoked_at=Now()))
    return True
