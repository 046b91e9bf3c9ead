"""Who changes something: every change is noted in the audit, in its own transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from postroom_api.authentication import Principal
from postroom_api.bodies import AnyRequest
from postroom_database.repositories import audit
from postroom_database.repositories.audit import Actor, ActorKind


@dataclass(frozen=True, slots=True)
class Caller:
    """An API key, in one request."""

    workspace_id: UUID
    key_id: UUID
    request_id: str

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.KEY, self.key_id, self.request_id)

    def note(self, connection: Connection, action: str, resource_id: UUID, data: dict[str, Any] | None = None) -> None:
        """Note what it does to a resource of its workspace.

        Args:
            connection: of the transaction that does it.
            action: noun and verb, such as ``domain.changed``.
            resource_id: of the resource.
            data: what else is to be known, without addresses and secrets.
        """
        audit.note(connection, self.workspace_id, self.actor, action, resource_id, data)

    def note_each(self, connection: Connection, action: str, resource_ids: Iterable[UUID]) -> None:
        """The same of each of some resources."""
        audit.note_each(connection, self.workspace_id, self.actor, action, resource_ids)


def caller_of(request: AnyRequest, who: Principal) -> Caller:
    return Caller(who.workspace_id, who.key_id, request.state.request_id)
