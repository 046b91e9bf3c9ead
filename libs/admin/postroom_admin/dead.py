import sys
from collections.abc import Callable, Iterator
from uuid import UUID

import click
from sqlalchemy import Connection

from postroom_admin.email_show import show
from postroom_admin.moments import show_moment
from postroom_admin.opening import opened_database
from postroom_database.engine import Database
from postroom_database.repositories import held
from postroom_database.writing import write
from postroom_domain.ids import parse_id
from postroom_domain.states import HeldBecause

_ROWS = 500


def _read_ids(_context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[UUID, ...]:
    ids = tuple(parsed for text in texts if (parsed := parse_id(text)) is not None)
    if len(ids) < len(texts):
        raise click.BadParameter("each must be a UUID", param=parameter)
    return ids


_because = click.option(
    "--because",
    type=click.Choice([because.value for because in HeldBecause]),
    help="Only those that are held for this.",
)
_ids = click.argument("email_ids", nargs=-1, callback=_read_ids, metavar="[EMAIL_ID]...")
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
    if bool(email_ids) == everything:
        raise click.UsageError("Name emails, or say --all.")
    if email_ids and because:
        raise click.UsageError("--because goes with --all.")
    count, missing = 0, []
    with opened_database() as database:
        wanted = iter(email_ids) if email_ids else (row_id for row_id, _ in _held(database, because))
        for email_id in wanted:
            if write(database, lambda connection, email_id=email_id: decide(connection, email_id)):  # type: ignore[misc]  # bound per email
                count += 1
            else:
                missing.append(email_id)
            if everything and count % _ROWS == 0:
                click.echo(f"{count} so far", err=True)
    click.echo(f"{done}: {count}.")
    for email_id in missing:
        click.echo(f"{email_id} is not held: left as it is.", err=True)
    if missing:
        sys.exit(1)


def _held(database: Database, because: str | None) -> Iterator[tuple[UUID, str]]:
    """Page by page, so that neither the list nor what is done on the way needs one long transaction."""
    wanted = HeldBecause(because) if because else None
    after: UUID | None = None
    while True:
        with database.read() as connection:
            rows = held.page(connection, because=wanted, after=after, limit=_ROWS)
        for row in rows:
            since = show_moment(row.held_at)
            reason = row.reason or ""
            yield row.id, f"{row.workspace_id}  {row.held_because:<8}  {since}  {row.attempts:>3}  {reason}"
        if len(rows) < _ROWS:
            return
        after = rows[-1].id
