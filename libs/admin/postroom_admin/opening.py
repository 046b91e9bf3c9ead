"""Opening the database for one command, and ending with a line instead of a stack trace."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NoReturn

import click
from sqlalchemy.exc import DBAPIError

from postroom_admin.exit_codes import EXIT_UNAVAILABLE
from postroom_admin.refusals import describe_refusal
from postroom_admin.settings import DatabaseOnly
from postroom_config.load import load_or_exit
from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable, is_refused

_PATIENT_SECONDS = 3600.0


@contextmanager
def opened_database(*, patient: bool = False) -> Iterator[Database]:
    """The database of this release's config.

    Args:
        patient: lets one statement take as long as a large table needs.
    """
    settings = load_or_exit(DatabaseOnly).database
    url, seconds = settings.url.get_secret_value(), settings.timeout_seconds
    try:
        if patient:
            # The patience that a statement needs is not meant for a server that is away.
            with closing(Database(url, pool_size=1, timeout_seconds=seconds)) as probe:
                probe.check()
            seconds = _PATIENT_SECONDS
        with closing(Database(url, pool_size=1, timeout_seconds=seconds)) as database:
            yield database
    except DatabaseUnavailable as away:
        if isinstance(away.__cause__, DBAPIError) and is_refused(away.__cause__):
            _give_up(f"The database refuses: {describe_refusal(away.__cause__)}.")
        _give_up("The database does not answer.")
    except DBAPIError as problem:
        _give_up(f"The database refuses: {describe_refusal(problem)}.")


def _give_up(what: str) -> NoReturn:
    click.echo(f"{what} `doctor` says more.", err=True)
    sys.exit(EXIT_UNAVAILABLE)
