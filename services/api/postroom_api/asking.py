"""Reading through a pool whose connections may have died since they were last used."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable

_Found = TypeVar("_Found")


def ask(database: Database, question: Callable[[Connection], _Found]) -> _Found:
    """What the question reads; asked again once, because the first failure after a restart replaces all connections.

    Raises:
        DatabaseUnavailable: the database is away.
    """
    try:
        with database.read() as connection:
            return question(connection)
    except DatabaseUnavailable:
        with database.read() as connection:
            return question(connection)
