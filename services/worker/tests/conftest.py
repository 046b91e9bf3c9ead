from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom_database.engine import Database
from postroom_migrations.migrate import migrate
from postroom_testing.fixtures import mariadb, mariadb_url, redis_server, redis_url, ses, smtp_server


@pytest.fixture
def database(mariadb_url: str) -> Iterator[Database]:
    opened = Database(mariadb_url, pool_size=8, timeout_seconds=5)
    migrate(opened)
    yield opened
    opened.close()
