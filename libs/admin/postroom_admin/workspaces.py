from datetime import datetime
from uuid import UUID

import click
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from postroom_admin.moments import show_moment
from postroom_admin.names import check_name
from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Record, json_option, print_list
from postroom_database.engine import Database
from postroom_database.errors import is_duplicate
from postroom_database.repositories import audit, parked, workspaces
from postroom_database.writing import write
from postroom_domain.lanes import Lane
from postroom_domain.states import State

workspace_option = click.option("--workspace", required=True, help="The workspace's name.")
_ROWS = 500
_LONGEST_REASON = 1000


def _why(record: Record) -> str | None:
    if record["suspended_at"] is None:
        return None
    return f"since {show_moment(record['suspended_at'])}: {record['suspended_reason']}"


_COLUMNS = (
    Column("id", 36),
    Column("created_at", 24),
    Column("state", 9),
    Column("name"),
    Column("why", read=_why),
)


def check_reason(_context: click.Context, parameter: click.Parameter, text: str) -> str:
    """A click callback: why something was done, for whoever sees it later."""
    if not 1 <= len(text) <= _LONGEST_REASON or not text.isprintable():
        raise click.BadParameter(f"it must be 1 to {_LONGEST_REASON} printable characters", param=parameter)
    return text


@click.group("workspace")
def workspace_group() -> None:
    """Workspaces: tenants that never see each other's mail."""


@workspace_group.command("create")
@click.argument("name", callback=check_name)
def create(name: str) -> None:
    """Create a workspace called NAME, unless it is there already, and print its id and name."""
    with opened_database() as database:
        workspace_id, made = _find_or_add(database, name)
    click.echo(f"{workspace_id} {name}{'' if made else ' (was there)'}")


@workspace_group.command("list")
@json_option
def list_workspaces(as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List the workspaces: id, since when, suspended or active, name, and since when and why it is suspended."""
    with opened_database() as database, database.read() as connection:
        found = workspaces.every(connection)
    records = (one._asdict() | {"state": "suspended" if one.suspended_at else "active"} for one in found)
    nothing = "There are no workspaces; make one with `workspace create NAME`."
    print_list(records, _COLUMNS, as_json=as_json, nothing=nothing)


@workspace_group.command("suspend")
@click.argument("name")
@click.option("--reason", required=True, callback=check_reason, help="Why, for whoever looks at its mail.")
def suspend(name: str, reason: str) -> None:
    """Let the mail of the workspace NAME wait: it is taken from clients as usual, and none is sent."""
    with opened_database() as database:
        with database.read() as connection:
            workspace_id = find_workspace(connection, name, hint="NAME")

        def act(connection: Connection) -> bool:
            done = workspaces.suspend(connection, workspace_id, reason)
            if done:
                audit.note(connection, workspace_id, audit.OPERATOR, "workspace.suspended", workspace_id)
            return done

        done = write(database, act)
    if done:
        click.echo(f"Suspended {name}: its mail waits until `workspace resume`.")
    else:
        click.echo(f"{name} is suspended already: left as it is. `workspace list` says why.")


@workspace_group.command("resume")
@click.argument("name")
def resume(name: str) -> None:
    """Send the mail of the workspace NAME again. What waits is due at once, and what was before counts no more.

    Can be run again when it was interrupted.
    """
    with opened_database(patient=True) as database:
        with database.read() as connection:
            workspace_id = find_workspace(connection, name, hint="NAME")

        def act(connection: Connection) -> bool:
            done = workspaces.resume(connection, workspace_id)
            if done:
                audit.note(connection, workspace_id, audit.OPERATOR, "workspace.resumed", workspace_id)
            return done

        done = write(database, act)
        count = sum(_wake(database, workspace_id, queue) for queue in parked.QUEUES)
    begin = f"Resumed {name}" if done else f"{name} is not suspended"
    click.echo(f"{begin}; waiting emails that are due now: {count}.")


def _wake(database: Database, workspace_id: UUID, queue: tuple[State, Lane]) -> int:
    count, after = 0, None
    while True:
        some, after = _wake_some(database, workspace_id, queue, after)
        count += some
        if after is None:
            return count


def _wake_some(
    database: Database, workspace_id: UUID, queue: tuple[State, Lane], after: datetime | None
) -> tuple[int, datetime | None]:
    return write(database, lambda connection: parked.wake(connection, workspace_id, queue, after=after, limit=_ROWS))


def _find_or_add(database: Database, name: str) -> tuple[UUID, bool]:
    with database.read() as connection:
        found = workspaces.find(connection, name)
    if found is not None:
        return found, False
    try:
        with database.begin() as connection:
            workspace_id = workspaces.add(connection, name)
            audit.note(connection, workspace_id, audit.OPERATOR, "workspace.created", workspace_id)
            return workspace_id, True
    except IntegrityError as problem:
        if not is_duplicate(problem):
            raise
        return _find_or_add(database, name)  # another process was first


def find_workspace(connection: Connection, name: str, *, hint: str = "--workspace") -> UUID:
    """The workspace of a name; a click error about ``hint``, with those that there are, when there is none."""
    found = workspaces.find(connection, name)
    if found is None:
        there = ", ".join(workspaces.names(connection)) or "none; make one with `workspace create NAME`"
        raise click.BadParameter(f"there is no such workspace. There are: {there}", param_hint=hint)
    return found
