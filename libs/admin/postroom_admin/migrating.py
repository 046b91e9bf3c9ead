import sys

import click

from postroom_admin.opening import opened_database
from postroom_migrations.migrate import MigrationBusy, migrate

_BUSY = 75  # EX_TEMPFAIL of sysexits.h


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database's schema to this release. Can be run twice, and by two at once."""
    with opened_database(for_migration=True) as database:
        try:
            before, after = migrate(database)
        except MigrationBusy as problem:
            click.echo(f"Not migrated: {problem}.", err=True)
            sys.exit(_BUSY)
    if before == after:
        click.echo(f"The schema is at {after}; there was nothing to do.")
    else:
        click.echo(f"The schema is at {after}; it was {before or 'empty'}.")
