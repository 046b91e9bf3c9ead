from collections.abc import Iterator
from uuid import UUID

import click

from postroom_admin.each import act_on_each, check_choice, page_by_page, read_ids
from postroom_admin.events_redrive import redrive
from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Record, json_option, print_list
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

_COLUMNS = (
    Column("id", 36),
    Column("received_at", 24),
    Column("result", 10),
    Column("type", 17),
    Column("email_id"),
)
_result = click.option(
    "--result", type=click.Choice(sorted(result.value for result in KEPT)), help="Only those that are kept for this."
)


@click.group("events", epilog=_WHY)
def events_group() -> None:
    """What SES told and nothing could be done with, and what never came."""


@events_group.command("list")
@_result
@json_option
def list_events(result: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List kept events, oldest first: id, since when, why, type, the email that it names."""
    with opened_database() as database:
        print_list(map(_record, _kept(database, result)), _COLUMNS, as_json=as_json, nothing="No event is kept.")


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


def _record(message: KeptMessage) -> Record:
    event = read_event(message.body)
    return {
        "id": message.id,
        "message_id": message.message_id,
        "received_at": message.received_at,
        "result": message.result,
        "type": event.type,
        "email_id": None if event.report is None else event.report.email_id,
        "published": message.body,
    }
