from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_database.engine import Database
from postroom_testing.fixtures import mariadb, mariadb_url
from postroom_testing.migrated import migrated, migrated_url, new_sqlite


@pytest.fixture(params=["mariadb", "sqlite"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without a schema: every test that asks for it runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'postroom.db'}"
    url: str = request.getfixturevalue("mariadb_url")
    return url


@pytest.fixture(params=["mariadb", "sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """One of this release."""
    url = new_sqlite(tmp_path) if request.param == "sqlite" else request.getfixturevalue("migrated_url")
    opened = Database(url, pool_size=4, timeout_seconds=5)
    yield opened
    opened.close()


@pytest.fixture
def mariadb_database(migrated_url: str) -> Iterator[Database]:
    """For what one server alone can show: two writers at once."""
    opened = Database(migrated_url, pool_size=8, timeout_seconds=4)
    yield opened
    opened.close()
