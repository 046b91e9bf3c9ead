import sys
from collections.abc import Callable
from typing import NoReturn
from uuid import UUID

import click
from sqlalchemy import Connection

from postroom_admin.ids import read_id
from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Section, json_option, print_list, print_one
from postroom_admin.workspaces import check_reason, find_workspace, workspace_option
from postroom_database.paging import Slice
from postroom_database.repositories import audit, webhook_log, webhooks
from postroom_database.repositories.webhooks import WebhookChange
from postroom_database.types import AnyRow
from postroom_database.writing import write
from postroom_domain.webhook_events import WEBHOOK_DISABLED, WebhookStatus

_DELIVERIES = 20
_COLUMNS = (
    Column("id", 36),
    Column("created_at", 24),
    Column("status", 8),
    Column("failing since", 24, lambda record: record["failing_since"]),
    Column("endpoint"),
    Column("reason"),
)
_SECTIONS = {
    "deliveries": Section(
        (Column("id", 36), Column("created_at", 24), Column("status", 10), Column("type")), "none is kept"
    )
}
_id = click.argument("webhook_id", callback=read_id)


@click.group("webhook")
def webhook_group() -> None:
    """Webhooks: where clients are told what happened. Clients make them; secrets are never shown here."""


@webhook_group.command("list")
@workspace_option
@json_option
def list_webhooks(workspace: str, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List a workspace's webhooks: id, since when, enabled or disabled, failing since when, endpoint, why disabled."""
    with opened_database() as database, database.read() as connection:
        found = webhooks.of_workspace(connection, find_workspace(connection, workspace))
    records = (row._asdict() for row in found)
    nothing = "There are no webhooks yet; clients add them with POST /webhooks."
    print_list(records, _COLUMNS, as_json=as_json, nothing=nothing)


@webhook_group.command("show")
@_id
@json_option
def show(webhook_id: UUID, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Show the webhook WEBHOOK_ID: whose it is, where it stands, and its newest deliveries."""
    with opened_database() as database, database.read() as connection:
        found = webhooks.find(connection, webhook_id)
        deliveries, _ = webhook_log.page(connection, webhook_id, Slice(_DELIVERIES))
    if found is None:
        _give_up()
    record = found._asdict() | {"deliveries": [row._asdict() for row in deliveries]}
    print_one(record, as_json=as_json, sections=_SECTIONS)


@webhook_group.command("enable")
@_id
def enable(webhook_id: UUID) -> None:
    """Tell the webhook WEBHOOK_ID what happens again: what waited for it is due at once. Twice is no error."""

    def change(connection: Connection, held: AnyRow, _: UUID) -> None:
        webhooks.change(connection, held, WebhookChange(status=WebhookStatus.ENABLED))

    done = _move(webhook_id, WebhookStatus.ENABLED, change, "webhook.enabled")
    click.echo(f"Enabled {webhook_id}." if done else f"{webhook_id} is enabled already: left as it is.")


@webhook_group.command("disable")
@_id
@click.option("--reason", required=True, callback=check_reason, help="Why, for its workspace.")
def disable(webhook_id: UUID, reason: str) -> None:
    """Tell the webhook WEBHOOK_ID nothing more until it is enabled. What happens meanwhile it is never told.

    Its workspace sees the reason, and its other webhooks are told. Twice is no error: the first reason stays.
    """

    def change(connection: Connection, held: AnyRow, workspace_id: UUID) -> None:
        webhooks.disable(connection, held, workspace_id, reason)

    done = _move(webhook_id, WebhookStatus.DISABLED, change, WEBHOOK_DISABLED)
    click.echo(f"Disabled {webhook_id}." if done else f"{webhook_id} is disabled already: left as it is.")


def _move(
    webhook_id: UUID, wanted: WebhookStatus, change: Callable[[Connection, AnyRow, UUID], None], action: str
) -> bool:
    """Have a webhook stand as wanted, and note who did; False: it does already."""

    def act(connection: Connection) -> bool:
        found = webhooks.find(connection, webhook_id)
        held = found and webhooks.hold(connection, found.workspace_id, webhook_id)
        if found is None or held is None:
            _give_up()
        if held.status == wanted:
            return False
        change(connection, held, found.workspace_id)
        audit.note(connection, found.workspace_id, audit.OPERATOR, action, webhook_id)
        return True

    with opened_database() as database:
        return write(database, act)


def _give_up() -> NoReturn:
    click.echo("There is no such webhook; `webhook list` shows those of a workspace.", err=True)
    sys.exit(1)
