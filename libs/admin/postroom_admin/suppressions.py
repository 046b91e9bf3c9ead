import dataclasses
import sys
from collections.abc import Iterator
from uuid import UUID

import click
from sqlalchemy import Connection

from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, json_option, print_list
from postroom_admin.workspaces import find_workspace, workspace_option
from postroom_database.paging import Slice
from postroom_database.repositories import audit, suppressions
from postroom_database.repositories.audit import Actor, ActorKind
from postroom_database.repositories.suppressions import Added, NewSuppression, SuppressionRecord
from postroom_database.writing import write
from postroom_domain.addresses import parse_mailbox
from postroom_domain.errors import InvalidAddress
from postroom_domain.ids import new_id
from postroom_domain.suppressions import Origin

_ROWS = 1000
_COLUMNS = (Column("id", 36), Column("created_at", 24), Column("origin", 9), Column("address"))


def _read_address(_context: click.Context, parameter: click.Parameter, text: str) -> str:
    try:
        return parse_mailbox(text).address
    except InvalidAddress as problem:
        raise click.BadParameter(str(problem), param=parameter) from None


_address = click.argument("address", callback=_read_address)


@click.group("suppression")
def suppression_group() -> None:
    """Suppressions: addresses that a workspace does not send to."""


@suppression_group.command("list")
@workspace_option
@json_option
def list_suppressions(workspace: str, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List a workspace's suppressions, newest first: id, since when, origin, address."""
    with opened_database() as database, database.read() as connection:
        records = map(dataclasses.asdict, _all(connection, find_workspace(connection, workspace)))
        print_list(records, _COLUMNS, as_json=as_json, nothing="This workspace sends to every address.")


@suppression_group.command("add")
@workspace_option
@_address
def add(workspace: str, address: str) -> None:
    """Send nothing more to ADDRESS, and print its id. Adding it twice is no error: it keeps its first origin."""
    with opened_database() as database:
        with database.read() as connection:
            workspace_id = find_workspace(connection, workspace)
        wanted = [NewSuppression(address, Origin.MANUAL)]

        def act(connection: Connection) -> Added:
            [added] = suppressions.add(connection, workspace_id, wanted)
            if added.is_new:
                audit.note(connection, workspace_id, audit.OPERATOR, "suppression.added", added.id)
            return added

        added = write(database, act)
    click.echo(f"{added.id} {added.origin}{'' if added.is_new else ' (was there)'}")


@suppression_group.command("remove")
@workspace_option
@_address
def remove(workspace: str, address: str) -> None:
    """Send to ADDRESS again. It is taken off the provider's own list too, as soon as a worker comes to it."""
    request_id = new_id().hex
    with opened_database() as database:
        with database.read() as connection:
            workspace_id = find_workspace(connection, workspace)

        def act(connection: Connection) -> list[SuppressionRecord]:
            removed = suppressions.remove(connection, workspace_id, [address], request_id=request_id)
            actor = Actor(ActorKind.OPERATOR, request_id=request_id)
            audit.note_each(connection, workspace_id, actor, "suppression.removed", [record.id for record in removed])
            return removed

        removed = write(database, act)
    if not removed:
        click.echo("There is no such suppression in this workspace; `suppression list` shows them.", err=True)
        sys.exit(1)
    click.echo(f"Removed {removed[0].id}; request {request_id} in the logs.")


def _all(connection: Connection, workspace_id: UUID) -> Iterator[SuppressionRecord]:
    part = Slice(limit=_ROWS)
    has_more = True
    while has_more:
        records, has_more = suppressions.page(connection, workspace_id, part)
        yield from records
        if records:
            part = Slice(limit=_ROWS, after=records[-1].id)
