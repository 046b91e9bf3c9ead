from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from postroom_database.models import Workspace
from postroom_database.types import AnyRow, Now
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


def every(connection: Connection) -> Sequence[AnyRow]:
    """Each workspace in order of name: since when, and whether it is suspended."""
    columns = (Workspace.id, Workspace.name, Workspace.created_at, Workspace.suspended_at, Workspace.suspended_reason)
    return connection.execute(select(*columns).order_by(Workspace.name)).all()


def suspend(connection: Connection, workspace_id: UUID, reason: str) -> bool:
    """Let its mail wait from now on; False when it waits already, and then for the reason it had."""
    done = connection.execute(
        update(Workspace)
        .where(Workspace.id == workspace_id, Workspace.suspended_at.is_(None))
        .values(suspended_at=Now(), suspended_reason=reason)
    )
    return done.rowcount == 1


def resume(connection: Connection, workspace_id: UUID) -> bool:
    """Let its mail go out again, with a clean slate; False when it is not suspended."""
    done = connection.execute(
        update(Workspace)
        .where(Workspace.id == workspace_id, Workspace.suspended_at.is_not(None))
        .values(suspended_at=None, suspended_reason=None, resumed_at=Now())
    )
    return done.rowcount == 1


def lock(connection: Connection, workspace_id: UUID) -> None:
    """Wait for the other transactions that hold this workspace, and hold it until this one ends."""
    connection.execute(select(Workspace.id).where(Workspace.id == workspace_id).with_for_update())
