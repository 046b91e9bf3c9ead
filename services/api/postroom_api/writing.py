"""Changing something for a client, through a pool whose connections may have died since they were last used."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from postroom_database import writing
from postroom_database.engine import Database

_Written = TypeVar("_Written")


def write(database: Database, work: Callable[[Connection], _Written]) -> _Written:
    """One transaction, on a connection that was seen to live: a restart of the server between two requests is not felt.

    Unlike a question, a change that broke off cannot be repeated: nobody knows whether it was made.

    Raises:
        DatabaseUnavailable: the database is away, or what is to be changed stayed contended.
    """
    return writing.write(database, work, alive=True)
