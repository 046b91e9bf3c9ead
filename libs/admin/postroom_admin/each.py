"""What commands do to each of some rows: to those that are named, or to all."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

import click
from sqlalchemy import Connection

from postroom_admin.opening import opened_database
from postroom_database.engine import Database
from postroom_database.repositories.interventions import LeftAlone
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
    find_all: Callable[[Database], Iterator[UUID]] | None,
    act: Callable[[Connection, UUID], bool | None],
    *,
    done: str,
    state: str = "there",
) -> None:
    """Act, each in a transaction of its own, and tell how many it was; exits with 1 when one could not be acted on.

    Args:
        ids: which; none: all.
        find_all: gives all of them; None where only those that are named are acted on.
        act: False, or LeftAlone that says why, when it is not there to be acted on.
        done: what to say of those that it was done to.
        state: what the others are not in.
    """
    count, left = 0, []
    with opened_database() as database:
        for one in ids or (find_all(database) if find_all else ()):
            why = _act(database, act, one, state)
            if why is None:
                count += 1
            else:
                left.append(f"{one} {why}: left as it is.")
            if not ids and count % _ROWS == 0:
                click.echo(f"{count} so far", err=True)
    click.echo(f"{done}: {count}.")
    for line in left:
        click.echo(line, err=True)
    if left:
        sys.exit(1)


def _act(database: Database, act: Callable[[Connection, UUID], bool | None], one: UUID, state: str) -> str | None:
    """Why nothing was done; None: it was."""
    try:
        done = write(database, lambda connection: act(connection, one))
    except LeftAlone as why:
        return str(why)
    return f"is not {state}" if done is False else None


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
