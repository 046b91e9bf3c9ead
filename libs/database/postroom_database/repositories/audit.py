"""Who did what to which resource: noted in the transaction of what was done."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from postroom_database.models import AuditEntry
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
    connection.execute(
        insert(AuditEntry),
        [
            {
                "id": new_id(),
                "workspace_id": workspace_id,
                "key_id": actor.key_id,
                "actor": actor.kind.value,
                "action": action,
                "resource_id": None if resource_id is None else str(resource_id),
                "request_id": actor.request_id,
                "data": data,
            }
        ],
    )
