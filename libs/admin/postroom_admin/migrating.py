import sys

import click

from postroom_admin.opening import opened_database
from postroom_admin.schema import read_schema
from postroom_migrations.migrate import MigrationBusy, migrate

_BUSY = 75  # EX_TEMPFAIL of sysexits.h


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database's schema to this release. Can be run twice, and by two at once."""
    with opened_database(patient=True) as database:
        schema = read_schema(database)
        if schema.is_newer:  # a release was rolled back; schemas only ever grow, so it runs on this one
            click.echo(f"The schema is at {schema.found}, newer than this release's {schema.wanted}: left as it is.")
            return
        try:
            before, after = migrate(database)
        except MigrationBusy as problem:
            click.echo(f"Not migrated: {problem}.", err=True)
            sys.exit(_BUSY)
    if before == after:
        click.echo(f"The schema is at {after}; there was nothing to do.")
    else:
        click.echo(f"The schema is at {after}; it was {before or 'empty'}.")
