from collections.abc import Callable, Iterator
from uuid import UUID

import click
from sqlalchemy import Connection

from postroom_admin.each import act_on_each, check_choice, page_by_page, read_ids
from postroom_admin.email_show import show
from postroom_admin.moments import show_moment
from postroom_admin.opening import opened_database
from postroom_database.engine import Database
from postroom_database.repositories import held
from postroom_domain.states import HeldBecause

_because = click.option(
    "--because",
    type=click.Choice([because.value for because in HeldBecause]),
    help="Only those that are held for this.",
)
_ids = click.argument("email_ids", nargs=-1, callback=read_ids, metavar="[EMAIL_ID]...")
_all = click.option("--all", "everything", is_flag=True, help="All that are held, or all of --because.")


_WHY = """
\b
It is held because
  unknown   nobody knows whether it was sent, and it may not be sent again, or not so often
  crashed   each worker that held it died
  restored  it was on its way when the backup was made that the database was restored from
"""


@click.group("dead", epilog=_WHY)
def dead_group() -> None:
    """Dead letters: mail that is held until you decide."""


@dead_group.command("list")
@_because
def list_dead(because: str | None) -> None:
    """List held mail, oldest first: id, workspace, why and since when it is held, attempts, what happened last."""
    count = 0
    with opened_database() as database:
        for row_id, line in _held(database, because):
            click.echo(f"{row_id}  {line}".rstrip())
            count += 1
    if not count:
        click.echo("No mail is held.", err=True)


dead_group.add_command(show, "show")


@dead_group.command("retry")
@_ids
@_all
@_because
def retry(email_ids: tuple[UUID, ...], everything: bool, because: str | None) -> None:  # noqa: FBT001 - click's way
    """Have held mail tried again; what took its workers down is tried alone.

    Mail that is held because its outcome is unknown may arrive twice then.
    """
    _decide(email_ids, everything=everything, because=because, decide=held.retry, done="Queued again")


@dead_group.command("discard")
@_ids
@_all
@_because
def discard(email_ids: tuple[UUID, ...], everything: bool, because: str | None) -> None:  # noqa: FBT001 - click's way
    """End held mail: recipients that are not known to have it fail, and the client is told so."""
    _decide(email_ids, everything=everything, because=because, decide=held.discard, done="Discarded")


def _decide(
    email_ids: tuple[UUID, ...],
    *,
    everything: bool,
    because: str | None,
    decide: Callable[[Connection, UUID], bool],
    done: str,
) -> None:
    check_choice(email_ids, everything=everything, reason=because, option="--because", nouns="emails")
    act_on_each(
        email_ids,
        lambda database: (row_id for row_id, _ in _held(database, because)),
        decide,
        done=done,
        state="held",
    )


def _held(database: Database, because: str | None) -> Iterator[tuple[UUID, str]]:
    wanted = HeldBecause(because) if because else None
    for row in page_by_page(
        database, lambda connection, after, limit: held.page(connection, because=wanted, after=after, limit=limit)
    ):
        since = show_moment(row.held_at)
        reason = row.reason or ""
        yield row.id, f"{row.workspace_id}  {row.held_because:<8}  {since}  {row.attempts:>3}  {reason}"
