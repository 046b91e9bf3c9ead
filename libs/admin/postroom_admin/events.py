import json
from collections.abc import Iterator
from uuid import UUID

import click

from postroom_admin.each import act_on_each, check_choice, page_by_page, read_ids
from postroom_admin.events_redrive import redrive
from postroom_admin.moments import show_moment
from postroom_admin.opening import opened_database
from postroom_database.engine import Database
from postroom_database.repositories import provider_messages
from postroom_database.repositories.provider_messages import KeptMessage
from postroom_domain.provider_messages import KEPT, MessageResult
from postroom_transport.ses_events import read_event

_WHY = """
\b
It is kept because
  unmatched   it names an email that is not there
  unexpected  it names an email that was never handed over: scheduled, or canceled
  unreadable  it is not what SES documents
"""


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
@click.argument("event_ids", nargs=-1, callback=read_ids, metavar="[EVENT_ID]...")
@click.option("--all", "everything", is_flag=True, help="All that are kept, or all of --result.")
@_result
def retry(event_ids: tuple[UUID, ...], everything: bool, result: str | None) -> None:  # noqa: FBT001 - click's way
    """Have kept events worked on again. What still matches nothing is kept again."""
    check_choice(event_ids, everything=everything, reason=result, option="--result", nouns="events")
    act_on_each(
        event_ids,
        lambda database: (message.id for message in _kept(database, result)),
        provider_messages.retry,
        done="To be worked on again",
        state="kept",
    )


events_group.add_command(redrive)


def _kept(database: Database, result: str | None) -> Iterator[KeptMessage]:
    """Up to the newest that there was at the beginning: retried ones may come back."""
    wanted = MessageResult(result) if result else None
    return page_by_page(
        database,
        lambda connection, after, limit: provider_messages.page(connection, result=wanted, after=after, limit=limit),
    )


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
