import sys
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from postroom_admin.opening import EXIT_UNAVAILABLE, opened_database
from postroom_admin.refusals import describe_refusal
from postroom_database.engine import Database
from postroom_migrations.migrate import MigrationBusy, MigrationFailed, MigrationRefused, head, migrate

EXIT_REFUSED = 65
"""EX_DATAERR of sysexits.h: the schema does not serve this release."""
_BUSY = 75  # EX_TEMPFAIL


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database's schema to this release. Can be run twice, and by two at once.

    A schema that a later release made stays as it is: `migrate` is content with it when it still serves this release,
    and refuses it otherwise.
    """
    with opened_database(patient=True) as database:
        before, after = migrate_or_exit(database)
    if after > head():
        click.echo(f"The schema is at {after}: ahead, compatible with this release's {head()}. It stays as it is.")
    elif before == after:
        click.echo(f"The schema is at {after}; there was nothing to do.")
    else:
        click.echo(f"The schema is at {after}; it was {before or 'empty'}.")


def migrate_or_exit(database: Database) -> tuple[str | None, str]:
    """The revision before and after; ends the process with one line when it cannot be migrated."""
    try:
        return migrate(database)
    except MigrationBusy as problem:
        _give_up(f"{problem}", _BUSY)
    except MigrationRefused as problem:
        _give_up(f"{problem}. Run a release that it serves, or restore a backup", EXIT_REFUSED)
    except MigrationFailed as problem:
        cause = problem.__cause__
        said = describe_refusal(cause) if isinstance(cause, DBAPIError) else str(cause)
        _give_up(f"the database refuses {problem.revision}: {said}. Mend that, then run it again", EXIT_UNAVAILABLE)


def _give_up(why: str, code: int) -> NoReturn:
    click.echo(f"Not migrated: {why}.", err=True)
    sys.exit(code)
