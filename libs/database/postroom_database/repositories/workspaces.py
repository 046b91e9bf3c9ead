from uuid import UUID

from sqlalchemy import Connection, insert, select

from postroom_database.models import Workspace
from postroom_domain.ids import new_id


def add(connection: Connection, name: str) -> UUID:
    """Create a workspace; a name that exists raises SQLAlchemy's IntegrityError."""
    workspace_id = new_id()
    connection.execute(insert(Workspace), [{"id": workspace_id, "name": name}])
    return workspace_id


def find(connection: Connection, name: str) -> UUID | None:
    return connection.execute(select(Workspace.id).where(Workspace.name == name)).scalar_one_or_none()


def names(connection: Connection) -> list[str]:
    return list(connection.execute(select(Workspace.name).order_by(Workspace.name)).scalars())


def lock(connection: Connection, workspace_id: UUID) -> None:
    """Wait for the other transactions that hold this workspace, and hold it until this one ends."""
    connection.execute(select(Workspace.id).where(Workspace.id == workspace_id).with_for_update())
