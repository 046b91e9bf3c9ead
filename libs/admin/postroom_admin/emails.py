import sys
from typing import Any
from uuid import UUID

import click

from postroom_admin.asking import ask, yes_option
from postroom_admin.each import act_on_each, read_ids
from postroom_admin.ids import read_id
from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Section, json_option, print_list, print_one
from postroom_admin.workspaces import find_workspace
from postroom_database.repositories import emails, interventions, timelines
from postroom_database.types import AnyRow
from postroom_domain.states import STANDS, State

_ids = click.argument("email_ids", nargs=-1, required=True, callback=read_ids, metavar="EMAIL_ID...")
_SECTIONS = {
    "recipients": Section((Column("state", 16), Column("address"), Column("reason")), "no attempt has ended yet"),
    "events": Section((Column("created_at", 24), Column("type", 22), Column("address"), Column("data")), "none yet"),
}


_MOST = 10_000
_COLUMNS = (
    Column("id", 36),
    Column("workspace_id", 36),
    Column("created_at", 24),
    Column("state", 10),
    Column("last_event", 16),
    Column("attempts", 3, lambda record: f"{record['attempts']:>3}"),
    Column("reason"),
)


@click.group("email")
def email_group() -> None:
    """Emails, as an operator sees them."""


@email_group.command("list")
@click.option("--workspace", help="Only of this one; its name.")
@click.option(
    "--state", type=click.Choice([state.value for state in STANDS]), help="Only those that stand so in Postroom's work."
)
@click.option("--limit", type=click.IntRange(1, _MOST), default=100, show_default=True, help="How many at most.")
@json_option
def list_emails(workspace: str | None, state: str | None, limit: int, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List emails, newest first: id, workspace, since when, state, last event, attempts, what happened last.

    Whom they are for is not listed; `email show` has it.
    """
    with opened_database(patient=True) as database, database.read() as connection:
        found = emails.newest(
            connection,
            workspace_id=None if workspace is None else find_workspace(connection, workspace),
            state=None if state is None else State(state),
            limit=limit,
        )
    print_list((row._asdict() for row in found), _COLUMNS, as_json=as_json, nothing="There is no such email.")


@email_group.command("show")
@click.argument("email_id", callback=read_id)
@json_option
def show(email_id: UUID, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Show EMAIL_ID: where it stands, its recipients, and all that happened to it."""
    with opened_database() as database, database.read() as connection:
        email = timelines.email(connection, email_id)
        recipients = timelines.recipients(connection, email_id)
        events = timelines.events(connection, email_id)
    if email is None:
        click.echo("There is no such email.", err=True)
        sys.exit(1)
    record = _record(email) | {
        "recipients": [recipient._asdict() for recipient in recipients],
        "events": [event._asdict() for event in events],
    }
    print_one(record, as_json=as_json, sections=_SECTIONS)


def _record(email: AnyRow) -> dict[str, Any]:
    return {
        "id": email.id,
        "workspace_id": email.workspace_id,
        "request_id": email.request_id,
        "key_id": email.key_id,
        "state": email.state,
        "last_event": email.last_event,
        "lane": email.lane,
        "from": email.sender,
        "to": email.to_list,
        "cc": email.cc_list,
        "bcc": email.bcc_list,
        "subject": email.subject,
        "created_at": email.created_at,
        "scheduled_at": email.scheduled_at,
        "due_at": email.due_at,
        "hinted_at": email.hinted_at,
        "attempts": email.attempts,
        "first_tried_at": email.first_tried_at,
        "crashes": email.crashes,
        "unknowns": email.unknowns,
        "held_because": email.held_because,
        "lease_ends_at": email.lease_ends_at,
        "message_id": email.message_id,
        "reason": email.reason,
    }


@email_group.command("retry")
@_ids
def retry(email_ids: tuple[UUID, ...]) -> None:
    """Try emails now: those that wait for a later attempt, are held, failed or were suppressed.

    What failed or was suppressed starts anew, for those recipients: clients see it queued again, and are told of what
    comes of it. That needs its content, which is kept for POSTROOM_KEEP_BODIES_DAYS.
    """
    act_on_each(email_ids, None, interventions.retry, done="Queued again")


@email_group.command("cancel")
@_ids
@yes_option
def cancel(email_ids: tuple[UUID, ...], yes: bool) -> None:  # noqa: FBT001 - click's way
    """Cancel emails that are scheduled or wait for an attempt; their clients are told so.

    Recipients that are known to have it keep it. What a worker is sending, or has sent, cannot be canceled.
    """
    ask(f"Cancel {len(email_ids)}? This cannot be undone.", yes=yes)
    act_on_each(email_ids, None, interventions.cancel, done="Canceled")
