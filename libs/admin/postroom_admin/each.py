"""What commands do to each of some rows: to those that are named, or to all."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

import click
from sqlalchemy import Connection

from postroom_admin.opening import opened_database
from postroom_database.engine import Database
from postroom_database.writing import write
from postroom_domain.ids import parse_id

_ROWS = 500


class _Row(Protocol):
    @property
    def id(self) -> Any: ...


_Found = TypeVar("_Found", bound=_Row)


def read_ids(_context: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[UUID, ...]:
    """A callback of click's for arguments that are ids."""
    ids = tuple(parsed for text in texts if (parsed := parse_id(text)) is not None)
    if len(ids) < len(texts):
        raise click.BadParameter("each must be a UUID", param=parameter)
    return ids


def check_choice(ids: Sequence[UUID], *, everything: bool, reason: str | None, option: str, nouns: str) -> None:
    """Refuse to guess: ids or --all, and the option that narrows --all only with it."""
    if bool(ids) == everything:
        raise click.UsageError(f"Name {nouns}, or say --all.")
    if ids and reason:
        raise click.UsageError(f"{option} goes with --all.")


def act_on_each(
    ids: Sequence[UUID],
    find_all: Callable[[Database], Iterator[UUID]],
    act: Callable[[Connection, UUID], bool],
    *,
    done: str,
    state: str,
) -> None:
    """Act, each in a transaction of its own, and tell how many it was; exits with 1 when one could not be acted on.

    Args:
        ids: which; none: all.
        find_all: gives all of them.
        act: False when it is not there to be acted on.
        done: what to say of those that it was done to.
        state: what the others are not in.
    """
    count, missing = 0, []
    with opened_database() as database:
        for one in ids or find_all(database):
            if write(database, lambda connection, one=one: act(connection, one)):  # type: ignore[misc]  # bound per id
                count += 1
            else:
                missing.append(one)
            if not ids and count % _ROWS == 0:
                click.echo(f"{count} so far", err=True)
    click.echo(f"{done}: {count}.")
    for one in missing:
        click.echo(f"{one} is not {state}: left as it is.", err=True)
    if missing:
        sys.exit(1)


def page_by_page(
    database: Database, read: Callable[[Connection, UUID | None, int], Sequence[_Found]]
) -> Iterator[_Found]:
    """All rows, so that neither the list nor what is done on the way needs one long transaction.

    Args:
        database: where they are.
        read: gives so many of them that come after an id.
    """
    after: UUID | None = None
    while True:
        with database.read() as connection:
            rows = read(connection, after, _ROWS)
        yield from rows
        if len(rows) < _ROWS:
            return
        after = rows[-1].id
