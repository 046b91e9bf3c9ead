"""Writing what other transactions may be writing at the same time."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable, is_contended

_Done = TypeVar("_Done")


def write(database: Database, work: Callable[[Connection], _Done]) -> _Done:
    """One transaction; done again once when it was rolled back because another one held what it needs.

    Raises:
        DatabaseUnavailable: the database is away, or another transaction still holds it.
    """
    try:
        return _begin(database, work)
    except DBAPIError as problem:
        if not is_contended(problem):
            raise
    try:
        return _begin(database, work)
    except DBAPIError as problem:
        if not is_contended(problem):
            raise
        raise DatabaseUnavailable("the database stayed contended") from problem


def _begin(database: Database, work: Callable[[Connection], _Done]) -> _Done:
    with database.begin() as connection:
        return work(connection)
