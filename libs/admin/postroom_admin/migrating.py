import sys
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from postroom_admin.exit_codes import EXIT_BUSY, EXIT_REFUSED, EXIT_UNAVAILABLE
from postroom_admin.opening import opened_database
from postroom_admin.printing import json_option, print_one
from postroom_admin.refusals import describe_refusal
from postroom_database.engine import Database
from postroom_database.schema import Standing, read_schema
from postroom_migrations.migrate import MigrationBusy, MigrationFailed, MigrationRefused, head, migrate, pending

_STANDINGS = {
    Standing.CURRENT: "current",
    Standing.BEHIND: "behind",
    Standing.AHEAD: "ahead, and serves this release",
    Standing.NOT_SERVED: "does not serve this release",
}


@click.group("migrate", invoke_without_command=True)
@click.pass_context
def migrate_group(context: click.Context) -> None:
    """Bring the database's schema to this release. Can be run twice, and by two at once.

    Without a command it is `migrate up`.
    """
    if context.invoked_subcommand is None:
        context.invoke(up)


@migrate_group.command("up")
def up() -> None:
    """Bring the database's schema to this release. Can be run twice, and by two at once.

    A schema that a later release made stays as it is: `migrate` is content with it when it still serves this release,
    and refuses it otherwise. Stopped, it can be run again.
    """
    with opened_database(patient=True) as database:
        before, after = migrate_or_exit(database)
    if after > head():
        click.echo(f"The schema is at {after}: ahead, compatible with this release's {head()}. It stays as it is.")
    elif before == after:
        click.echo(f"The schema is at {after}; there was nothing to do.")
    else:
        click.echo(f"The schema is at {after}; it was {before or 'empty'}.")


@migrate_group.command("status")
@json_option
def status(as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Show how the schema stands to this release, and which migrations `migrate` would run. Changes nothing.

    Exit code 0: the services of this release can start. 1: run `migrate`. 65: it serves this release no more.
    """
    with opened_database() as database, database.read() as connection:
        schema = read_schema(connection)
    standing = schema.standing(head())
    record = {
        "schema": schema.found,
        "oldest_served": schema.oldest_served,
        "release": head(),
        "standing": _STANDINGS[standing],
        "pending": list(pending(schema.found)) if standing is Standing.BEHIND else [],
    }
    print_one(record, as_json=as_json)
    sys.exit({Standing.BEHIND: 1, Standing.NOT_SERVED: EXIT_REFUSED}.get(standing, 0))


def migrate_or_exit(database: Database) -> tuple[str | None, str]:
    """The revision before and after; ends the process with one line when it cannot be migrated."""
    try:
        return migrate(database)
    except MigrationBusy as problem:
        _give_up(f"{problem}", EXIT_BUSY)
    except MigrationRefused as problem:
        _give_up(f"{problem}. Run a release that it serves, or restore a backup", EXIT_REFUSED)
    except MigrationFailed as problem:
        cause = problem.__cause__
        said = describe_refusal(cause) if isinstance(cause, DBAPIError) else str(cause)
        _give_up(f"the database refuses {problem.revision}: {said}. Mend that, then run it again", EXIT_UNAVAILABLE)


def _give_up(why: str, code: int) -> NoReturn:
    click.echo(f"Not migrated: {why}.", err=True)
    sys.exit(code)
