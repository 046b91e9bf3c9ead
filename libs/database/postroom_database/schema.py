"""Whether a schema serves a release. A release is named by the revision of its newest migration: four digits."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from sqlalchemy import Connection, Executable, String, column, null, select, table
from sqlalchemy.exc import DBAPIError

from postroom_database.engine import Database
from postroom_database.errors import is_missing_table
from postroom_database.models import ServedRelease

REVISION = "0005"
"""This release. The migrations say the same, but only the admin holds them."""

_FOUND = table("alembic_version", column("version_num", String))


class Standing(Enum):
    """How a schema stands to a release."""

    CURRENT = auto()
    BEHIND = auto()
    AHEAD = auto()
    """A later release made it, and it serves this one."""
    NOT_SERVED = auto()


@dataclass(frozen=True, slots=True)
class Schema:
    """What a database says of its schema.

    Attributes:
        found: its revision; None without any schema.
        oldest_served: the oldest release that it serves; None where it does not say. It may be newer than `found`: a
            migration that takes something away, and died before its end.
    """

    found: str | None
    oldest_served: str | None

    def standing(self, release: str) -> Standing:
        if self.oldest_served is not None and self.oldest_served > release:
            return Standing.NOT_SERVED
        if self.found is None or self.found < release:
            return Standing.BEHIND
        if self.found == release:
            return Standing.CURRENT
        return Standing.NOT_SERVED if self.oldest_served is None else Standing.AHEAD

    def describe_trouble(self, release: str) -> str | None:
        """Why it cannot be used as it is; None when it can."""
        match self.standing(release):
            case Standing.BEHIND:
                return f"the schema is {self._state}; this release needs {release}"
            case Standing.NOT_SERVED:
                told = "does not say which releases it serves"
                if self.oldest_served is not None:
                    told = f"serves no release older than {self.oldest_served}"
                return f"the schema is {self._state} and {told}; this release is {release}"
            case _:
                return None

    @property
    def _state(self) -> str:
        return "empty" if self.found is None else f"at {self.found}"


def read_schema(connection: Connection) -> Schema:
    """One small query; a second one where the first finds no table."""
    try:
        return _read(connection, select(_FOUND.c.version_num, select(ServedRelease.oldest).scalar_subquery()))
    except DBAPIError as problem:
        if not is_missing_table(problem):
            raise
    try:
        return _read(connection, select(_FOUND.c.version_num, null()))
    except DBAPIError as problem:
        if not is_missing_table(problem):
            raise
    return Schema(None, None)


def look_at_schema(database: Database, note: Callable[[float, str | None], None]) -> None:
    """Ask the database whether its schema serves this release.

    Args:
        database: raises DatabaseUnavailable when it is away, which says nothing about its schema.
        note: told when the question was asked, by the monotonic clock, and what is wrong, or None.
    """
    asked_at = time.monotonic()
    with database.read() as connection:
        schema = read_schema(connection)
    note(asked_at, schema.describe_trouble(REVISION))


def _read(connection: Connection, question: Executable) -> Schema:
    row = connection.execute(question).one_or_none()
    return Schema(None, None) if row is None else Schema(row[0], row[1])
