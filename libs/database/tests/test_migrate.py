import re
import threading
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.models import Base
from postroom_migrations.migrate import head, migrate, revision


@pytest.fixture
def empty(empty_url: str) -> Database:
    return Database(empty_url, pool_size=4, timeout_seconds=30)


def test_an_empty_database_is_brought_to_this_release_once(empty: Database) -> None:
    assert revision(empty) is None
    assert migrate(empty) == (None, head())
    assert migrate(empty) == (head(), head())
    assert revision(empty) == head()
    empty.close()


def test_the_migrations_make_what_the_models_say(empty: Database) -> None:
    migrate(empty)
    with empty.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _differs})
        assert compare_metadata(context, Base.metadata) == []
    empty.close()


def _differs(context: MigrationContext, _inspected: Any, _metadata: Any, found: Any, wanted: Any) -> bool:
    return _spelling(found, context) != _spelling(wanted, context)


def _spelling(kind: Any, context: MigrationContext) -> str:
    """The type in SQL, without what MariaDB adds to it: a display width, a collation."""
    spelt: str = kind.compile(dialect=context.dialect)
    spelt = spelt.replace("TINYINT(1)", "BOOL")
    return re.sub(r"^(BIGINT|INTEGER)\(\d+\)|(?: COLLATE \S+)$", r"\1", spelt)


def test_two_at_once_migrate_once(empty_url: str) -> None:
    results: list[tuple[str | None, str]] = []
    problems: list[Exception] = []
    together = threading.Barrier(4)

    def run() -> None:
        database = Database(empty_url, pool_size=1, timeout_seconds=60)
        together.wait()
        try:
            results.append(migrate(database))
        except Exception as problem:  # noqa: BLE001 - shown by the assertion
            problems.append(problem)
        finally:
            database.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sorted(results, key=str) == sorted([(None, head()), *[(head(), head())] * 3], key=str)


def test_a_database_that_is_not_there_is_said_to_be_unavailable() -> None:
    database = Database("mysql+pymysql://root@127.0.0.1:1/x", pool_size=1, timeout_seconds=2)
    with pytest.raises(DatabaseUnavailable):
        migrate(database)
    database.close()
