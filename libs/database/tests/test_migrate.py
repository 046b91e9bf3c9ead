import re
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, inspect

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.models import Base
from postroom_database.schema import Schema, read_schema
from postroom_migrations.migrate import _chain, head, migrate, revision
from postroom_testing.mariadb import MariaDb

CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")


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
    assert differences(empty) == []
    empty.close()


def differences(database: Database) -> list[Any]:
    with database.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _differs})
        return list(compare_metadata(context, Base.metadata))


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


def test_it_may_lose_the_database_after_every_change_and_be_run_again(mariadb: MariaDb, mariadb_url: str) -> None:
    database = Database(mariadb_url, pool_size=4, timeout_seconds=30)
    changes: set[str] = set()

    def lose(*given: Any) -> None:
        """After each change that was not made before: one round goes one change further."""
        if given[2].lstrip().startswith(CHANGES) and given[2] not in changes:
            changes.add(given[2])
            mariadb.cut_connections(mariadb_url)

    event.listen(database.engine, "after_cursor_execute", lose)
    lost = 0
    while is_lost_while_migrating(database):
        lost += 1
        assert lost == len(changes)
    assert lost > len(Base.metadata.tables)
    assert differences(database) == []
    with database.read() as connection:
        assert read_schema(connection) == Schema(head(), "0004")
    database.close()


def is_lost_while_migrating(database: Database) -> bool:
    try:
        migrate(database)
    except DatabaseUnavailable:
        return True
    return False


class _Died(Exception):  # noqa: N818 - it says what happened
    pass


def test_on_sqlite_it_leaves_nothing_behind_when_it_dies(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'postroom.db'}", pool_size=1, timeout_seconds=5)

    def die(*given: Any) -> None:
        if "CREATE TABLE served_releases" in given[2]:
            raise _Died

    event.listen(database.engine, "after_cursor_execute", die)
    with pytest.raises(_Died):
        migrate(database)
    with database.read() as connection:
        assert inspect(connection).get_table_names() == []
    event.remove(database.engine, "after_cursor_execute", die)
    assert migrate(database) == (None, head())
    assert differences(database) == []
    database.close()


def test_every_migration_says_which_releases_it_serves() -> None:
    served = [script.module.oldest_served for script in _chain()]
    names = [script.revision for script in _chain()]
    assert all(re.fullmatch(r"\d{4}", one) for one in [*names, *served])
    assert [name for name, one in zip(names, served, strict=True) if one not in names or one > name] == []
    assert served == sorted(served), "an older release is served again"


def test_a_database_that_is_not_there_is_said_to_be_unavailable() -> None:
    database = Database("mysql+pymysql://root@127.0.0.1:1/x", pool_size=1, timeout_seconds=2)
    with pytest.raises(DatabaseUnavailable):
        migrate(database)
    database.close()
