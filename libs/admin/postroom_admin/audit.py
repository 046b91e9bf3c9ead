"""Who did what to which resource, as operators read it."""

from collections.abc import Sequence

import click
import msgspec

from postroom_admin.moments import show_moment
from postroom_admin.opening import opened_database
from postroom_admin.workspaces import find_workspace
from postroom_database.paging import Slice
from postroom_database.repositories import audit
from postroom_database.types import AnyRow

_MOST = 10_000


@click.group("audit")
def audit_group() -> None:
    """The audit: who changed what. Entries are only ever added."""


@audit_group.command("list")
@click.option("--workspace", help="Only what was done in this one; its name.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=100, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with all fields.")
def list_entries(workspace: str | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List what was done, newest first: when, workspace, action, resource, and who: key and its id, or operator."""
    rows = _read(workspace, limit)
    for row in rows:
        click.echo(_json_line(row) if as_json else _line(row))
    if not rows:
        click.echo("Nothing has been done yet.", err=True)


def _read(workspace: str | None, limit: int) -> Sequence[AnyRow]:
    with opened_database() as database, database.read() as connection:
        if workspace is None:
            return audit.newest(connection, limit=limit)
        rows, _ = audit.page(connection, find_workspace(connection, workspace), Slice(limit))
        return rows


def _line(row: AnyRow) -> str:
    who = row.actor if row.key_id is None else f"{row.actor} {row.key_id}"
    what = f"{row.action:<26}  {row.resource_id or '':<36}"
    data = "" if row.data is None else msgspec.json.encode(row.data).decode()
    return f"{show_moment(row.created_at)}  {row.workspace_id}  {what}  {who}  {data}".rstrip()


def _json_line(row: AnyRow) -> str:
    fields = row._asdict() | {"created_at": show_moment(row.created_at)}
    return msgspec.json.encode(fields).decode()
