from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_database.engine import Database
from postroom_migrations.migrate import migrate
from postroom_testing.fixtures import mariadb, mariadb_url


@pytest.fixture(params=["mariadb", "sqlite"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a schema: every test that asks for it runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'postroom.db'}"
    url: str = request.getfixturevalue("mariadb_url")
    return url


@pytest.fixture
def database(empty_url: str) -> Iterator[Database]:
    opened = Database(empty_url, pool_size=4, timeout_seconds=5)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def mariadb_database(mariadb_url: str) -> Iterator[Database]:
    """For what one server alone can show: two writers at once."""
    opened = Database(mariadb_url, pool_size=8, timeout_seconds=4)
    migrate(opened)
    yield opened
    opened.close()
