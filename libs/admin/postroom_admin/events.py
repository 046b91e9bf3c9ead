import json
import sys
from collections.abc import Iterator
from uuid import UUID

import click

from postroom_admin.events_redrive import redrive
from postroom_admin.moments import show_moment
from postroom_admin.opening import opened_database
from postroom_database.engine import Database
from postroom_database.repositories import provider_messages
from postroom_database.repositories.provider_messages import KeptMessage
from postroom_database.writing import write
from postroom_domain.ids import parse_id
from postroom_domain.provider_messages import KEPT, MessageResult
from postroom_transport.ses_events import read_event

_ROWS = 500

_WHY = """
\b
It is kept because
  unmatched   it names an email that is not there
  unexpected  it names an email that was never handed over: scheduled, or canceled
  unreadable  it is not what SES documents
"""


def _read_ids(_context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[UUID, ...]:
    ids = tuple(parsed for text in texts if (parsed := parse_id(text)) is not None)
    if len(ids) < len(texts):
        raise click.BadParameter("each must be a UUID", param=parameter)
    return ids


_result = click.option(
    "--result", type=click.Choice(sorted(result.value for result in KEPT)), help="Only those that are kept for this."
)


@click.group("events", epilog=_WHY)
def events_group() -> None:
    """What SES told and nothing could be done with, and what never came."""


@events_group.command("list")
@_result
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with what was published.")
def list_events(result: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List kept events, oldest first: id, since when, why, type, the email that it names."""
    count = 0
    with opened_database() as database:
        for message in _kept(database, result):
            click.echo(_as_json(message) if as_json else _as_line(message))
            count += 1
    if not count:
        click.echo("No event is kept.", err=True)


@events_group.command("retry")
@click.argument("event_ids", nargs=-1, callback=_read_ids, metavar="[EVENT_ID]...")
@click.option("--all", "everything", is_flag=True, help="All that are kept, or all of --result.")
@_result
def retry(event_ids: tuple[UUID, ...], everything: bool, result: str | None) -> None:  # noqa: FBT001 - click's way
    """Have kept events worked on again. What still matches nothing is kept again."""
    if bool(event_ids) == everything:
        raise click.UsageError("Name events, or say --all.")
    if event_ids and result:
        raise click.UsageError("--result goes with --all.")
    count, missing = 0, []
    with opened_database() as database:
        wanted = iter(event_ids) if event_ids else (message.id for message in _kept(database, result))
        for event_id in wanted:
            if write(database, lambda connection, event_id=event_id: provider_messages.retry(connection, event_id)):  # type: ignore[misc]  # bound per event
                count += 1
            else:
                missing.append(event_id)
            if everything and count % _ROWS == 0:
                click.echo(f"{count} so far", err=True)
    click.echo(f"To be worked on again: {count}.")
    for event_id in missing:
        click.echo(f"{event_id} is not kept: left as it is.", err=True)
    if missing:
        sys.exit(1)


events_group.add_command(redrive)


def _kept(database: Database, result: str | None) -> Iterator[KeptMessage]:
    """Page by page, up to the newest that there was at the beginning: retried ones may come back."""
    wanted = MessageResult(result) if result else None
    after: UUID | None = None
    while True:
        with database.read() as connection:
            messages = provider_messages.page(connection, result=wanted, after=after, limit=_ROWS)
        yield from messages
        if len(messages) < _ROWS:
            return
        after = messages[-1].id


def _email_of(message: KeptMessage) -> tuple[str, str | None]:
    event = read_event(message.body)
    return event.type, None if event.report is None else str(event.report.email_id)


def _as_line(message: KeptMessage) -> str:
    kind, email_id = _email_of(message)
    since = show_moment(message.received_at)
    return f"{message.id}  {since}  {message.result:<10}  {kind:<17}  {email_id or ''}".rstrip()


def _as_json(message: KeptMessage) -> str:
    kind, email_id = _email_of(message)
    return json.dumps(
        {
            "id": str(message.id),
            "message_id": message.message_id,
            "received_at": show_moment(message.received_at),
            "result": message.result.value,
            "type": kind,
            "email_id": email_id,
            "published": message.body,
        }
    )
