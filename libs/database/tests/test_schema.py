"""Which releases a schema serves: what is stored, and what a release makes of it."""

from typing import Any

import pytest
from sqlalchemy import event, text

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.schema import REVISION, Schema, Standing, look_at_schema, read_schema
from postroom_migrations.migrate import head, migrate


def change(database: Database, *statements: str) -> None:
    with database.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def schema_of(database: Database) -> Schema:
    with database.read() as connection:
        return read_schema(connection)


def looks(database: Database) -> list[str | None]:
    """What the services would note."""
    told: list[str | None] = []
    look_at_schema(database, lambda _asked_at, problem: told.append(problem))
    return told


def test_the_services_know_the_revision_that_the_migrations_make() -> None:
    assert head() == REVISION


@pytest.mark.parametrize(
    ("found", "oldest_served", "standing"),
    [
        (None, None, Standing.BEHIND),
        ("0004", None, Standing.BEHIND),
        ("0004", "0004", Standing.BEHIND),
        ("0005", None, Standing.CURRENT),
        ("0005", "0004", Standing.CURRENT),
        ("0007", "0004", Standing.AHEAD),
        ("0007", "0005", Standing.AHEAD),
        ("0007", "0006", Standing.NOT_SERVED),
        ("0007", None, Standing.NOT_SERVED),
        ("0005", "0006", Standing.NOT_SERVED),  # 0006 died while it took something away
        ("0004", "0006", Standing.NOT_SERVED),
    ],
)
def test_how_a_schema_stands_to_release_0005(found: str | None, oldest_served: str | None, standing: Standing) -> None:
    assert Schema(found, oldest_served).standing("0005") is standing


def test_a_schema_of_this_release_is_no_trouble(database: Database) -> None:
    assert schema_of(database) == Schema(REVISION, "0004")
    assert looks(database) == [None]


def test_a_look_costs_one_query(database: Database) -> None:
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    looks(database)
    assert len([statement for statement in asked if statement != "BEGIN"]) == 1


def test_what_is_not_there_is_told(empty_url: str) -> None:
    empty = Database(empty_url, pool_size=1, timeout_seconds=5)
    assert schema_of(empty) == Schema(None, None)
    assert looks(empty) == [f"the schema is empty; this release needs {REVISION}"]
    migrate(empty)
    change(empty, "DROP TABLE served_releases", "UPDATE alembic_version SET version_num = '0004'")
    assert schema_of(empty) == Schema("0004", None)
    assert looks(empty) == [f"the schema is at 0004; this release needs {REVISION}"]
    change(empty, "DELETE FROM alembic_version")
    assert schema_of(empty) == Schema(None, None)
    empty.close()


def test_a_later_schema_is_no_trouble_while_it_serves_this_release(database: Database) -> None:
    change(database, "UPDATE alembic_version SET version_num = '9998'")
    assert looks(database) == [None]
    change(database, "UPDATE served_releases SET oldest = '9997'")
    trouble = f"the schema is at 9998 and serves no release older than 9997; this release is {REVISION}"
    assert looks(database) == [trouble]
    change(database, "DROP TABLE served_releases")
    assert looks(database) == [
        f"the schema is at 9998 and does not say which releases it serves; this release is {REVISION}"
    ]


def test_a_database_that_is_away_says_nothing_about_its_schema() -> None:
    away = Database("mysql+pymysql://root@127.0.0.1:1/x", pool_size=1, timeout_seconds=2)
    told: list[Any] = []
    with pytest.raises(DatabaseUnavailable):
        look_at_schema(away, lambda *noted: told.append(noted))
    assert told == []
    away.close()
