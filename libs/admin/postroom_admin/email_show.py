import sys
from datetime import datetime
from typing import Any

import click
import msgspec

from postroom_admin.moments import show_moment
from postroom_admin.opening import opened_database
from postroom_database.repositories import timelines
from postroom_database.types import AnyRow
from postroom_domain.ids import parse_id


@click.group("email")
def email_group() -> None:
    """Emails, as an operator sees them."""


@email_group.command("show")
@click.argument("email_id")
def show(email_id: str) -> None:
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
    for name, value in _fields(email):
        click.echo(f"{name:<13} {_show(value)}".rstrip())
    click.echo("\nrecipients")
    for recipient in recipients:
        click.echo(f"  {recipient.state:<16} {recipient.address}  {recipient.reason or ''}".rstrip())
    if not recipients:
        click.echo("  no attempt has ended yet")
    click.echo("\nevents")
    for event in events:
        click.echo(f"  {_show(event.created_at)}  {event.type:<22} {event.address or ''}  {_show(event.data)}".rstrip())
    if not events:
        click.echo("  none yet")


def _show(value: Any) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return show_moment(value)
        case [*addresses]:
            return ", ".join(addresses)
        case dict():
            return msgspec.json.encode(value).decode()
        case _:
            return str(value)


def _fields(email: AnyRow) -> list[tuple[str, Any]]:
    return [
        ("id", email.id),
        ("workspace", email.workspace_id),
        ("request", email.request_id),
        ("key", email.key_id),
        ("state", email.state),
        ("last event", email.last_event),
        ("lane", email.lane),
        ("from", email.sender),
        ("to", email.to_list),
        ("cc", email.cc_list),
        ("bcc", email.bcc_list),
        ("subject", email.subject),
        ("created", email.created_at),
        ("scheduled", email.scheduled_at),
        ("due", email.due_at),
        ("hinted", email.hinted_at),
        ("attempts", email.attempts),
        ("first tried", email.first_tried_at),
        ("crashes", email.crashes),
        ("unknowns", email.unknowns),
        ("held because", email.held_because),
        ("lease ends", email.lease_ends_at),
        ("message id", email.message_id),
        ("reason", email.reason),
    ]
