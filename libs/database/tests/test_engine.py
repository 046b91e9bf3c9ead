"""Connections that go back to the pool."""

import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable


@pytest.fixture
def database(mariadb_url: str) -> Iterator[Database]:
    """One connection, so that every use gets the same."""
    opened = Database(mariadb_url, pool_size=1, timeout_seconds=5)
    with opened.begin() as connection:
        connection.execute(text("CREATE TABLE places (id INT PRIMARY KEY) ENGINE=InnoDB"))
    yield opened
    opened.close()


def add(connection: Connection, place: int) -> None:
    connection.execute(text("INSERT INTO places VALUES (:place)"), {"place": place})


def add_twice(connection: Connection, place: int) -> None:
    add(connection, place)
    add(connection, place)


def places(connection: Connection) -> list[int]:
    return list(connection.execute(text("SELECT id FROM places ORDER BY id")).scalars())


def rollbacks(connection: Connection) -> int:
    return int(connection.execute(text("SHOW SESSION STATUS LIKE 'Com_rollback'")).one()[1])


def test_a_commit_is_not_followed_by_a_rollback(database: Database) -> None:
    with database.begin() as connection:
        before = rollbacks(connection)
    for place in range(5):
        with database.begin() as connection:
            add(connection, place)
        with database.begin_alive() as connection:
            add(connection, place + 10)
    with database.begin() as connection:
        assert rollbacks(connection) == before
        assert len(places(connection)) == 10


def test_what_was_not_committed_is_rolled_back(database: Database) -> None:
    for begin in (database.begin, database.begin_alive):
        with pytest.raises(IntegrityError), begin() as connection:
            add_twice(connection, 1)
    with database.read() as connection:
        add(connection, 3)
    # Left open without a word to the connection's own transaction: only the pool can see to it.
    raw = database.engine.raw_connection()
    raw.cursor().execute("INSERT INTO places VALUES (4)")
    raw.close()
    with database.read() as connection:
        assert places(connection) == []


def test_a_server_that_goes_away_after_the_commit_is_no_error(
    database: Database, mariadb_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = Database(mariadb_url, pool_size=1, timeout_seconds=5)
    with caplog.at_level(logging.WARNING), database.engine.connect() as connection:
        mine = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
        add(connection, 1)
        connection.commit()
        with other.begin() as another:
            another.exec_driver_sql(f"KILL CONNECTION {mine}")
    assert caplog.records == []
    with pytest.raises(DatabaseUnavailable), database.begin() as connection:
        add(connection, 2)
    with database.begin() as connection:
        assert places(connection) == [1]
    other.close()
