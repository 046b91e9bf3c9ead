"""Who did what to which resource: noted in the transaction of what was done."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from postroom_database.models import AuditEntry
from postroom_database.paging import Slice, read_slice
from postroom_database.types import AnyRow
from postroom_domain.ids import new_id


class ActorKind(StrEnum):
    KEY = "key"
    OPERATOR = "operator"
    POSTROOM = "postroom"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and because of which request.

    Attributes:
        key_id: of the API key; None for everybody else.
    """

    kind: ActorKind
    key_id: UUID | None = None
    request_id: str | None = None


OPERATOR = Actor(ActorKind.OPERATOR)
POSTROOM = Actor(ActorKind.POSTROOM)

_SHOWN = (
    AuditEntry.id,
    AuditEntry.workspace_id,
    AuditEntry.action,
    AuditEntry.actor,
    AuditEntry.key_id,
    AuditEntry.resource_id,
    AuditEntry.request_id,
    AuditEntry.data,
    AuditEntry.created_at,
)


def note(
    connection: Connection,
    workspace_id: UUID,
    actor: Actor,
    action: str,
    resource_id: UUID | str | None = None,
    data: dict[str, Any] | None = None,
) -> None:
    """Note an action.

    Args:
        connection: of the transaction that does it.
        workspace_id: whose resource it is.
        actor: who does it.
        action: noun and verb, such as ``webhook.created``.
        resource_id: never an address.
        data: what else is to be known, without addresses and secrets.
    """
    connection.execute(insert(AuditEntry), [_row(workspace_id, actor, action, resource_id, data)])


def note_each(
    connection: Connection, workspace_id: UUID, actor: Actor, action: str, resource_ids: Iterable[UUID]
) -> None:
    """Note one action on each of these resources; none is no error."""
    rows = [_row(workspace_id, actor, action, resource_id, None) for resource_id in resource_ids]
    if rows:
        connection.execute(insert(AuditEntry), rows)


def page(connection: Connection, workspace_id: UUID, wanted: Slice) -> tuple[Sequence[AnyRow], bool]:
    """Entries of a workspace, newest first, and whether there are more."""
    listed = select(*_SHOWN).where(AuditEntry.workspace_id == workspace_id)
    return read_slice(connection, listed, AuditEntry.id, wanted)


def newest(connection: Connection, *, limit: int) -> Sequence[AnyRow]:
    """The newest entries of all workspaces: for operators."""
    return connection.execute(select(*_SHOWN).order_by(AuditEntry.id.desc()).limit(limit)).all()


def _row(
    workspace_id: UUID, actor: Actor, action: str, resource_id: UUID | str | None, data: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "workspace_id": workspace_id,
        "key_id": actor.key_id,
        "actor": actor.kind.value,
        "action": action,
        "resource_id": None if resource_id is None else str(resource_id),
        "request_id": actor.request_id,
        "data": data,
    }
