"""Who did what to which resource, as operators read it."""

from collections.abc import Sequence

import click

from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Record, json_option, print_list
from postroom_admin.workspaces import find_workspace
from postroom_database.paging import Slice
from postroom_database.repositories import audit
from postroom_database.types import AnyRow

_MOST = 10_000


def _who(record: Record) -> str:
    return record["actor"] if record["key_id"] is None else f"{record['actor']} {record['key_id']}"


_COLUMNS = (
    Column("created_at", 24),
    Column("workspace_id", 36),
    Column("action", 26),
    Column("resource_id", 36),
    Column("who", read=_who),
    Column("data"),
)


@click.group("audit")
def audit_group() -> None:
    """The audit: who changed what. Entries are only ever added."""


@audit_group.command("list")
@click.option("--workspace", help="Only what was done in this one; its name.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=100, show_default=True, help="How many at most.")
@json_option
def list_entries(workspace: str | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List what was done, newest first: when, workspace, action, resource, and who: key and its id, or operator."""
    records = (row._asdict() for row in _read(workspace, limit))
    print_list(records, _COLUMNS, as_json=as_json, nothing="Nothing has been done yet.")


def _read(workspace: str | None, limit: int) -> Sequence[AnyRow]:
    with opened_database() as database, database.read() as connection:
        if workspace is None:
            return audit.newest(connection, limit=limit)
        rows, _ = audit.page(connection, find_workspace(connection, workspace), Slice(limit))
        return rows
