from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_api_testing.hooks import hooks_of
from postroom_api_testing.refusals import rows
from postroom_api_testing.running import RunningApi
from postroom_database.engine import Database
from postroom_database.models.base import Base
from postroom_migrations.migrate import migrate
from postroom_testing.fixtures import mariadb, redis_server, redis_url, revive, ses, sns, sns_server
from postroom_testing.mariadb import MariaDb
from postroom_testing.migrated import Migrated, migrated, migrated_url, new_sqlite
from postroom_testing.redis import Redis
from postroom_testing.sns import SnsServer


@pytest.fixture
def mariadb_url(migrated_url: str) -> str:
    return migrated_url


@pytest.fixture(params=["mariadb", "sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return new_sqlite(tmp_path)
    url: str = request.getfixturevalue("mariadb_url")
    return url


@pytest.fixture
def api(database_url: str, redis_url: str) -> Iterator[RunningApi]:
    """The api on a port of loopback, over MariaDB and over SQLite."""
    with RunningApi(database_url, redis_url) as running:
        yield running


@pytest.fixture
def hook_api(database_url: str, redis_url: str, sns: SnsServer) -> Iterator[RunningApi]:
    """The same, with a hook that takes the messages of a topic."""
    with RunningApi(database_url, redis_url, hooks=hooks_of(sns.origin)) as running:
        yield running


@pytest.fixture
def mariadb_hook_api(mariadb_url: str, redis_url: str, sns: SnsServer) -> Iterator[RunningApi]:
    with RunningApi(mariadb_url, redis_url, hooks=hooks_of(sns.origin)) as running:
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
    database = Migrated(mariadb)
    with RunningApi(database.url, redis_server.url) as running:
        yield running
    database.drop()


@pytest.fixture
def refusing_api(shared_api: RunningApi) -> Iterator[RunningApi]:
    """The shared api; whatever a test sends, nothing may be stored."""
    before = rows(shared_api)
    yield shared_api
    assert rows(shared_api) == before
