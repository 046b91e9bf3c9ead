import sys
from collections import Counter

import click

from postroom_admin.asking import ask, yes_option
from postroom_admin.opening import opened_database
from postroom_admin.workspaces import find_workspace
from postroom_database.engine import Database
from postroom_database.repositories import erasure
from postroom_database.repositories.erasure import LEFT, PASSES, Pass
from postroom_database.repositories.erasure_of_mail import Counts
from postroom_database.repositories.erasure_search import Scope
from postroom_database.writing import write
from postroom_domain.addresses import parse_mailbox
from postroom_domain.errors import InvalidAddress
from postroom_domain.persons import Person

_ROWS = 5000
"""Looked at with one question."""
_TOGETHER = 20
"""Dealt with in one transaction."""
_TOLD_EVERY = 100_000

_WARNING = """\
Mail to this person is removed, sent or not, from {where}: with its events, captured copies and webhook deliveries.
Mail to several persons forgets this one, and its content once it was sent. A suppression is removed as well: Postroom
sends to the address again when a client asks for it. This cannot be undone."""


def _read_person(_context: click.Context, parameter: click.Parameter, text: str) -> Person:
    try:
        return Person(parse_mailbox(text).address)
    except InvalidAddress as problem:
        raise click.BadParameter(str(problem), param=parameter) from None


@click.command("erase")
@click.option("--address", "person", required=True, callback=_read_person, help="Where the person reads mail.")
@click.option("--workspace", help="Only there, by its name; all of them without it.")
@yes_option
def erase_command(person: Person, workspace: str | None, yes: bool) -> None:  # noqa: FBT001 - click's way
    """Remove a person from everything that is stored, and note in the audit that it was done, not who it was.

    It goes through all tables, so it takes its time. Interrupted, it can be run again, and does what is left. So it can
    be when it says that something was left, because a worker had it.
    """
    with opened_database(patient=True) as database:
        workspace_id = None
        if workspace is not None:
            with database.read() as connection:
                workspace_id = find_workspace(connection, workspace)
        if not yes:
            click.echo(_WARNING.format(where="all workspaces" if workspace is None else "this workspace"), err=True)
            ask("Go on?", yes=yes)
        counts = _erase(database, Scope(person, workspace_id))
    _report(counts)


def _erase(database: Database, scope: Scope) -> Counts:
    counts: Counts = Counter()
    try:
        for one in PASSES:
            _go_through(database, scope, one, counts)
    finally:
        write(database, lambda connection: erasure.note(connection, counts))
    return counts


def _go_through(database: Database, scope: Scope, one: Pass, counts: Counts) -> None:
    after, looked_at = None, 0
    while True:
        with database.read() as connection:
            found = one.look(connection, scope, after, _ROWS)
        for start in range(0, len(found.keys), _TOGETHER):
            some = found.keys[start : start + _TOGETHER]
            counts.update(write(database, lambda connection, some=some: one.erase(connection, scope, some)))  # type: ignore[misc]  # bound per group
        if found.last is None:
            return
        after = found.last
        looked_at += _ROWS
        if looked_at % _TOLD_EVERY == 0:
            click.echo(f"{one.table}: {looked_at} looked at", err=True)


def _report(counts: Counts) -> None:
    totals: Counter[str] = Counter()
    for (_, what), count in counts.items():
        totals[what] += count
    done = [f"{what.replace('_', ' ')}: {totals[what]}" for what in totals if totals[what] and what not in LEFT]
    click.echo(f"Erased. {', '.join(done)}." if done else "Nothing names this address.")
    if left := sum(totals[what] for what in LEFT):
        click.echo(f"Left, because a worker has them at the moment: {left}. Run it again in a few minutes.", err=True)
        sys.exit(1)
