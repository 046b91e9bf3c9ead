"""Opening the database for one command, and ending with a line instead of a stack trace."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from postroom_admin.settings import DatabaseOnly
from postroom_config.load import load_or_exit
from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable

_MIGRATION_SECONDS = 3600.0
EXIT_UNAVAILABLE = 69
"""EX_UNAVAILABLE of sysexits.h: a backing service is away."""


@contextmanager
def opened_database(*, for_migration: bool = False) -> Iterator[Database]:
    """The database of this release's config.

    Args:
        for_migration: lets one statement take as long as a large table needs.
    """
    settings = load_or_exit(DatabaseOnly).database
    database = Database(
        settings.url.get_secret_value(),
        pool_size=1,
        timeout_seconds=_MIGRATION_SECONDS if for_migration else settings.timeout_seconds,
    )
    try:
        yield database
    except DatabaseUnavailable:
        click.echo("The database does not answer. `doctor` says more.", err=True)
        sys.exit(EXIT_UNAVAILABLE)
    finally:
        database.close()
