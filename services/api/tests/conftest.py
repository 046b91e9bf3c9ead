from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_api_testing.running import RunningApi
from postroom_testing.fixtures import mariadb, mariadb_url, redis_server, redis_url


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
