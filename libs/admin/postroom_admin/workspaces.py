import click

from postroom_admin.opening import opened_database
from postroom_database.repositories import workspaces

_LONGEST = 100


@click.group("workspace")
def workspace_group() -> None:
    """Workspaces: tenants that never see each other's mail."""


@workspace_group.command("create")
@click.argument("name")
def create(name: str) -> None:
    """Create a workspace called NAME, unless it is there already."""
    if not 1 <= len(name) <= _LONGEST or not name.isprintable():
        raise click.BadParameter(f"it must be 1 to {_LONGEST} printable characters", param_hint="NAME")
    with opened_database() as database, database.begin() as connection:
        found = workspaces.find(connection, name)
        workspace_id = found or workspaces.add(connection, name)
    click.echo(f"{workspace_id} {name}{' (was there)' if found else ''}")
