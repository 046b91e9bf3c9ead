import sys
from typing import Any

import click

from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Section, json_option, print_one
from postroom_database.repositories import timelines
from postroom_database.types import AnyRow
from postroom_domain.ids import parse_id

_SECTIONS = {
    "recipients": Section((Column("state", 16), Column("address"), Column("reason")), "no attempt has ended yet"),
    "events": Section((Column("created_at", 24), Column("type", 22), Column("address"), Column("data")), "none yet"),
}


@click.group("email")
def email_group() -> None:
    """Emails, as an operator sees them."""


@email_group.command("show")
@click.argument("email_id")
@json_option
def show(email_id: str, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Show EMAIL_ID: where it stands, its recipients, and all that happened to it."""
    parsed = parse_id(email_id)
    if parsed is None:
        raise click.BadParameter("it must be a UUID", param_hint="EMAIL_ID")
    with opened_database() as database, database.read() as connection:
        email = timelines.email(connection, parsed)
        recipients = timelines.recipients(connection, parsed)
        events = timelines.events(connection, parsed)
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
