"""Databases of this release, whose schema is made once for a session: that costs a second or two on MariaDB."""

import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_database.engine import Database
from postroom_database.models.base import Base
from postroom_migrations.migrate import migrate
from postroom_testing.fixtures import revive
from postroom_testing.mariadb import MariaDb

_FILLED = frozenset({"served_releases"})
"""What migrations fill is a part of the schema."""


class Migrated:
    """One that is emptied between tests, in a hundredth of the time.

    Attributes:
        url: of the database; another one after a test that changed the schema.
    """

    def __init__(self, mariadb: MariaDb) -> None:
        self._mariadb = mariadb
        self._make()

    def _make(self) -> None:
        self.url = self._mariadb.fresh_database()
        database = Database(self.url)
        migrate(database)
        database.close()
        self._schema = self._look()

    def _look(self) -> list[object]:
        """The tables, and what migrations wrote about the schema."""
        with self._mariadb.connect(self.url) as connection, connection.cursor() as cursor:
            cursor.execute("SHOW TABLES")
            tables = {name for (name,) in cursor.fetchall()}
            found: list[object] = [tables]
            for table in ("alembic_version", *sorted(_FILLED)):
                cursor.execute(f"SELECT * FROM {table}" if table in tables else "SELECT 1")  # noqa: S608 - likewise
                found.append(cursor.fetchall())
        return found

    def empty(self) -> None:
        """Delete what a test left behind."""
        if self._look() != self._schema:
            self.drop()
            self._make()
        with self._mariadb.connect(self.url) as connection, connection.cursor() as cursor:
            for table in Base.metadata.tables.keys() - _FILLED:
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables

    def drop(self) -> None:
        self._mariadb.drop_database(self.url)


@pytest.fixture(scope="session")
def migrated(mariadb: MariaDb) -> Iterator[Migrated]:
    revive(mariadb)
    database = Migrated(mariadb)
    yield database
    revive(mariadb)
    database.drop()


@pytest.fixture
def migrated_url(mariadb: MariaDb, migrated: Migrated) -> Iterator[str]:
    """An empty database of this release; the server is up again even when the test before stopped it."""
    revive(mariadb)
    migrated.empty()
    yield migrated.url
    revive(mariadb)


def new_sqlite(folder: Path) -> str:
    """The URL of a new file in a folder."""
    file = folder / "postroom.db"
    file.write_bytes(_migrated_file())
    return f"sqlite:///{file}"


@functools.cache
def _migrated_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "postroom.db")
        database = Database(f"sqlite:///{file}")
        migrate(database)
        database.close()
        return file.read_bytes()
