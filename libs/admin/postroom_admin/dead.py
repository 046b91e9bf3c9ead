from collections.abc import Callable, Iterator
from uuid import UUID

import click
from sqlalchemy import Connection

from postroom_admin.asking import ask, yes_option
from postroom_admin.each import act_on_each, check_choice, page_by_page, read_ids
from postroom_admin.emails import show
from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, json_option, print_list
from postroom_database.engine import Database
from postroom_database.repositories import held
from postroom_database.types import AnyRow
from postroom_domain.states import HeldBecause

_because = click.option(
    "--because",
    type=click.Choice([because.value for because in HeldBecause]),
    help="Only those that are held for this.",
)
_ids = click.argument("email_ids", nargs=-1, callback=read_ids, metavar="[EMAIL_ID]...")
_COLUMNS = (
    Column("id", 36),
    Column("workspace_id", 36),
    Column("held_because", 8),
    Column("held_at", 24),
    Column("attempts", 3, lambda record: f"{record['attempts']:>3}"),
    Column("reason"),
)
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
@json_option
def list_dead(because: str | None, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List held mail, oldest first: id, workspace, why and since when it is held, attempts, what happened last."""
    with opened_database() as database:
        records = (row._asdict() for row in _held(database, because))
        print_list(records, _COLUMNS, as_json=as_json, nothing="No mail is held.")


dead_group.add_command(show, "show")


@dead_group.command("retry")
@_ids
@_all
@_because
def retry(email_ids: tuple[UUID, ...], everything: bool, because: str | None) -> None:  # noqa: FBT001 - click's way
    """Have held mail tried again; what took its workers down is tried alone.

    Mail that is held because its outcome is unknown may arrive twice then.
    """
    _check(email_ids, everything=everything, because=because)
    _decide(email_ids, because=because, decide=held.retry, done="Queued again")


@dead_group.command("discard")
@_ids
@_all
@_because
@yes_option
def discard(email_ids: tuple[UUID, ...], everything: bool, because: str | None, yes: bool) -> None:  # noqa: FBT001 - click's way
    """End held mail: recipients that are not known to have it fail, and the client is told so."""
    _check(email_ids, everything=everything, because=because)
    which = str(len(email_ids)) if email_ids else f"all that is held{f' because {because}' if because else ''}"
    ask(f"Discard {which}? This cannot be undone.", yes=yes)
    _decide(email_ids, because=because, decide=held.discard, done="Discarded")


def _check(email_ids: tuple[UUID, ...], *, everything: bool, because: str | None) -> None:
    check_choice(email_ids, everything=everything, reason=because, option="--because", nouns="emails")


def _decide(
    email_ids: tuple[UUID, ...],
    *,
    because: str | None,
    decide: Callable[[Connection, UUID], bool],
    done: str,
) -> None:
    act_on_each(
        email_ids,
        lambda database: (row.id for row in _held(database, because)),
        decide,
        done=done,
        state="held",
    )


def _held(database: Database, because: str | None) -> Iterator[AnyRow]:
    wanted = HeldBecause(because) if because else None
    return page_by_page(
        database, lambda connection, after, limit: held.page(connection, because=wanted, after=after, limit=limit)
    )
