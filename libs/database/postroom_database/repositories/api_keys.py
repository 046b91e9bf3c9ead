from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from postroom_database.models import ApiKey, Domain
from postroom_database.paging import Slice, read_slice
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_domain.permissions import Permission


@dataclass(frozen=True, slots=True)
class KeyRecord:
    id: UUID
    workspace_id: UUID
    name: str
    token_hash: bytes
    permission: Permission
    domain_id: UUID | None
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """What a token opens.

    Attributes:
        domain_id: the only domain that it may send from; None: any of the workspace.
        domain: that domain's name; None also when the domain is gone.
    """

    key_id: UUID
    workspace_id: UUID
    token_hash: bytes
    permission: Permission
    domain_id: UUID | None
    domain: str | None


_COLUMNS = (
    ApiKey.id,
    ApiKey.workspace_id,
    ApiKey.name,
    ApiKey.token_hash,
    ApiKey.permission,
    ApiKey.domain_id,
    ApiKey.created_at,
    ApiKey.last_used_at,
    ApiKey.revoked_at,
)


def add(
    connection: Connection,
    *,
    workspace_id: UUID,
    name: str,
    token_hash: bytes,
    permission: Permission = Permission.FULL_ACCESS,
    domain_id: UUID | None = None,
) -> UUID:
    key_id = new_id()
    connection.execute(
        insert(ApiKey),
        [
            {
                "id": key_id,
                "workspace_id": workspace_id,
                "name": name,
                "token_hash": token_hash,
                "permission": permission.value,
                "domain_id": domain_id,
            }
        ],
    )
    return key_id


def open_with(connection: Connection, token_hash: bytes) -> Opened | None:
    """What a token opens; None when there is no such key, or it was revoked."""
    row = connection.execute(
        select(ApiKey.id, ApiKey.workspace_id, ApiKey.token_hash, ApiKey.permission, ApiKey.domain_id, Domain.name)
        .outerjoin(Domain, (Domain.id == ApiKey.domain_id) & (Domain.workspace_id == ApiKey.workspace_id))
        .where(ApiKey.token_hash == token_hash, ApiKey.revoked_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return Opened(row[0], row[1], bytes(row[2]), Permission(row[3]), row[4], row[5])


def of_workspace(connection: Connection, workspace_id: UUID) -> list[KeyRecord]:
    """Every key, the revoked ones too, oldest first: for operators."""
    rows = connection.execute(select(*_COLUMNS).where(ApiKey.workspace_id == workspace_id).order_by(ApiKey.id))
    return [_record(row) for row in rows]


def page(connection: Connection, workspace_id: UUID, wanted: Slice) -> tuple[list[KeyRecord], bool]:
    """Active keys, newest first, and whether there are more."""
    active = select(*_COLUMNS).where(ApiKey.workspace_id == workspace_id, ApiKey.revoked_at.is_(None))
    rows, has_more = read_slice(connection, active, ApiKey.id, wanted)
    return [_record(row) for row in rows], has_more


def rename(connection: Connection, *, workspace_id: UUID, key_id: UUID, name: str) -> bool:
    """False when there is no such active key in the workspace."""
    mine = (ApiKey.id == key_id, ApiKey.workspace_id == workspace_id, ApiKey.revoked_at.is_(None))
    # Asked first: MySQL counts no row when the name is what it was.
    if connection.execute(select(ApiKey.id).where(*mine).with_for_update()).one_or_none() is None:
        return False
    connection.execute(update(ApiKey).where(*mine).values(name=name))
    return True


def is_there(connection: Connection, *, workspace_id: UUID, key_id: UUID) -> bool:
    """Whether the workspace has this key, active or revoked."""
    mine = (ApiKey.id == key_id, ApiKey.workspace_id == workspace_id)
    return connection.execute(select(ApiKey.id).where(*mine)).one_or_none() is not None


def end(connection: Connection, *, workspace_id: UUID, key_id: UUID) -> bool:
    """End a key that is active; False when the workspace has none of that id."""
    active = (ApiKey.id == key_id, ApiKey.workspace_id == workspace_id, ApiKey.revoked_at.is_(None))
    return connection.execute(update(ApiKey).where(*active).values(revoked_at=Now())).rowcount == 1


def note_use(connection: Connection, key_ids: Collection[UUID]) -> None:
    """Say that these keys were used just now."""
    connection.execute(update(ApiKey).where(ApiKey.id.in_(tuple(key_ids))).values(last_used_at=Now()))


def _record(row: Sequence[object]) -> KeyRecord:
    values = list(row)
    values[4] = Permission(str(values[4]))
    return KeyRecord(*values)  # type: ignore[arg-type]  # columns in the order of the fields
