"""The first start of the embedded default: a schema, a workspace, and the key that the README names."""

import click
from sqlalchemy import Connection

from postroom_admin.migrating import migrate_or_exit
from postroom_admin.opening import opened_database
from postroom_admin.settings import EveryResource
from postroom_config.load import load_or_exit
from postroom_database.repositories import api_keys, audit, workspaces
from postroom_domain.tokens import DEVELOPMENT_KEY, hash_token

_WORKSPACE = "development"


@click.command("embedded", hidden=True)
def embedded_command() -> None:
    """Migrate, and with the inbox as transport seed a workspace with the fixed development key. Silent."""
    uses_inbox = load_or_exit(EveryResource).mail.uses_inbox
    with opened_database(patient=True) as database:
        migrate_or_exit(database)
        if not uses_inbox:
            return
        with database.begin() as connection:
            _seed(connection)


def _seed(connection: Connection) -> None:
    workspace_id = workspaces.find(connection, _WORKSPACE)
    if workspace_id is None:
        workspace_id = workspaces.add(connection, _WORKSPACE)
        audit.note(connection, workspace_id, audit.POSTROOM, "workspace.created", workspace_id)
    token_hash = hash_token(DEVELOPMENT_KEY)
    # One that was revoked stays so.
    if all(key.token_hash != token_hash for key in api_keys.of_workspace(connection, workspace_id)):
        key_id = api_keys.add(connection, workspace_id=workspace_id, name="development", token_hash=token_hash)
        audit.note(connection, workspace_id, audit.POSTROOM, "key.created", key_id)
