import sys
from uuid import UUID

import click
from sqlalchemy import Connection

from postroom_admin.asking import ask, yes_option
from postroom_admin.moments import show_moment
from postroom_admin.names import check_name
from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Record, json_option, print_list
from postroom_admin.workspaces import find_workspace, workspace_option
from postroom_database.repositories import api_keys, audit
from postroom_domain.ids import parse_id
from postroom_domain.permissions import Permission
from postroom_domain.tokens import hash_token, new_token


def _state(record: Record) -> str:
    return "active" if record["revoked_at"] is None else f"revoked {show_moment(record['revoked_at'])}"


def _use(record: Record) -> str:
    return "never used" if record["last_used_at"] is None else f"used {show_moment(record['last_used_at'])}"


_SHOWN = ("id", "workspace_id", "name", "permission", "domain_id", "created_at", "last_used_at", "revoked_at")
"""All but the hash of the token."""
_COLUMNS = (
    Column("id", 36),
    Column("created_at", 24),
    Column("state", 32, _state),
    Column("permission", 14),
    Column("last use", 29, _use),
    Column("name"),
)


@click.group("key")
def key_group() -> None:
    """API keys: what clients authenticate with."""


@key_group.command("create")
@workspace_option
@click.option(
    "--name", default="default", show_default=True, callback=check_name, help="What you will know the key by."
)
@click.option(
    "--permission",
    type=click.Choice([permission.value for permission in Permission]),
    default=Permission.FULL_ACCESS.value,
    show_default=True,
    help="What it may do.",
)
def create(workspace: str, name: str, permission: str) -> None:
    """Make a key and print it, this once: only its hash is kept."""
    token = new_token()
    with opened_database() as database, database.begin() as connection:
        workspace_id = find_workspace(connection, workspace)
        key_id = api_keys.add(
            connection,
            workspace_id=workspace_id,
            name=name,
            token_hash=hash_token(token),
            permission=Permission(permission),
        )
        audit.note(connection, workspace_id, audit.OPERATOR, "key.created", key_id)
    click.echo(f"Made the key {key_id}. It is shown only now:", err=True)
    click.echo(token)


@key_group.command("list")
@workspace_option
@json_option
def list_keys(workspace: str, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List a workspace's keys: id, since when, whether revoked, what each may do, when it was last used, name."""
    with opened_database() as database, database.read() as connection:
        keys = api_keys.of_workspace(connection, find_workspace(connection, workspace))
    records = ({name: getattr(key, name) for name in _SHOWN} for key in keys)
    print_list(records, _COLUMNS, as_json=as_json, nothing="There are no keys yet; `key create` makes one.")


@key_group.command("revoke")
@workspace_option
@click.argument("key_id")
@yes_option
def revoke(workspace: str, key_id: str, yes: bool) -> None:  # noqa: FBT001 - click's way
    """End the key KEY_ID. Every process refuses it within seconds; revoking twice is no error."""
    ask(f"End the key {key_id}? This cannot be undone.", yes=yes)
    parsed = parse_id(key_id)
    with opened_database() as database, database.begin() as connection:
        workspace_id = find_workspace(connection, workspace)
        done = parsed is not None and _end(connection, workspace_id, parsed)
    if not done:
        click.echo("There is no such key in this workspace; `key list` shows them.", err=True)
        sys.exit(1)
    click.echo(f"Revoked {key_id}.")


def _end(connection: Connection, workspace_id: UUID, key_id: UUID) -> bool:
    """End a key, and note it if that was new; False when there is none."""
    if api_keys.end(connection, workspace_id=workspace_id, key_id=key_id):
        audit.note(connection, workspace_id, audit.OPERATOR, "key.revoked", key_id)
        return True
    return api_keys.is_there(connection, workspace_id=workspace_id, key_id=key_id)
