"""Writing what other transactions write too."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable, is_contended

_Written = TypeVar("_Written")
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.02


def write(database: Database, work: Callable[[Connection], _Written], *, alive: bool = False) -> _Written:
    """Do the work in one transaction, again when it was rolled back for another one's locks (1213, 1205).

    The pause before each repetition is random, so that those that met do not meet again.

    Args:
        database: where.
        work: given a connection; what it returns is returned.
        alive: on a connection that was just seen to live, for one more round trip.

    Raises:
        DatabaseUnavailable: the database is away, or stayed contended; nothing is known to be stored.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with database.begin_alive() if alive else database.begin() as connection:
                return work(connection)
        except DBAPIError as problem:
            if not is_contended(problem):
                raise
            if attempt == _ATTEMPTS:
                raise DatabaseUnavailable("the database stayed contended") from problem
        time.sleep(random.uniform(0, _PAUSE_SECONDS * attempt))  # noqa: S311 - no secret
    raise AssertionError("the last attempt returns or raises")
