"""Domains: who may send as whom. Every query asks for the workspace."""

from uuid import UUID

from sqlalchemy import Connection, select

from postroom_database.models import Domain
from postroom_domain.domain_states import SENDING_STATES


def may_send(connection: Connection, workspace_id: UUID, name: str) -> bool:
    """Whether the workspace may send from this domain."""
    states = [state.value for state in SENDING_STATES]
    found = connection.execute(
        select(Domain.id).where(Domain.name == name, Domain.workspace_id == workspace_id, Domain.status.in_(states))
    )
    return found.one_or_none() is not None


def is_there(connection: Connection, workspace_id: UUID, domain_id: UUID) -> bool:
    """Whether the workspace has this domain."""
    found = connection.execute(select(Domain.id).where(Domain.id == domain_id, Domain.workspace_id == workspace_id))
    return found.one_or_none() is not None
