from uuid import UUID

import click
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from postroom_admin.names import check_name
from postroom_admin.opening import opened_database
from postroom_database.engine import Database
from postroom_database.errors import is_duplicate
from postroom_database.repositories import workspaces

workspace_option = click.option("--workspace", required=True, help="The workspace's name.")


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


def _find_or_add(database: Database, name: str) -> tuple[UUID, bool]:
    with database.read() as connection:
        found = workspaces.find(connection, name)
    if found is not None:
        return found, False
    try:
        with database.begin() as connection:
            return workspaces.add(connection, name), True
    except IntegrityError as problem:
        if not is_duplicate(problem):
            raise
        return _find_or_add(database, name)  # another process was first


def find_workspace(connection: Connection, name: str) -> UUID:
    """The workspace that ``--workspace`` names; a click error, with those that there are, when there is none."""
    found = workspaces.find(connection, name)
    if found is None:
        there = ", ".join(workspaces.names(connection)) or "none; make one with `workspace create NAME`"
        raise click.BadParameter(f"there is no such workspace. There are: {there}", param_hint="--workspace")
    return found
