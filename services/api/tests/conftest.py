from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_api_testing.refusals import rows
from postroom_api_testing.running import RunningApi
from postroom_database.engine import Database
from postroom_database.models.base import Base
from postroom_migrations.migrate import migrate
from postroom_testing.fixtures import mariadb, redis_server, redis_url, revive
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis


@pytest.fixture(scope="session")
def migrated_url(mariadb: MariaDb) -> Iterator[str]:
    """One database for the session: its tables are made once, by the migrations."""
    revive(mariadb)
    url = mariadb.fresh_database()
    database = Database(url)
    migrate(database)
    database.close()
    yield url
    revive(mariadb)
    mariadb.drop_database(url)


@pytest.fixture
def mariadb_url(mariadb: MariaDb, migrated_url: str) -> Iterator[str]:
    """That database, emptied."""
    revive(mariadb)
    with mariadb.connect(migrated_url) as connection, connection.cursor() as cursor:
        for table in Base.metadata.tables:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
    yield migrated_url
    revive(mariadb)


@pytest.fixture(params=["mariadb", "sqlite"])
def api(request: pytest.FixtureRequest, redis_url: str, tmp_path: Path) -> Iterator[RunningApi]:
    """The api on a port of loopback, over MariaDB and over SQLite."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'postroom.db'}"
    else:
        url = request.getfixturevalue("mariadb_url")
    with RunningApi(url, redis_url) as running:
        yield running


@pytest.fixture
def mariadb_api(mariadb_url: str, redis_url: str) -> Iterator[RunningApi]:
    with RunningApi(mariadb_url, redis_url) as running:
        yield running


@pytest.fixture(scope="module")
def shared_api(mariadb: MariaDb, redis_server: Redis) -> Iterator[RunningApi]:
    """One api over MariaDB for a whole module, where tests leave each other alone."""
    revive(mariadb)
    revive(redis_server)
    url = mariadb.fresh_database()
    with RunningApi(url, redis_server.url) as running:
        yield running
    mariadb.drop_database(url)


@pytest.fixture
def refusing_api(shared_api: RunningApi) -> Iterator[RunningApi]:
    """The shared api; whatever a test sends, nothing may be stored."""
    before = rows(shared_api)
    yield shared_api
    assert rows(shared_api) == before
