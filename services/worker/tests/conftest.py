from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from postroom_database.engine import Database
from postroom_testing.fixtures import mariadb, mariadb_url, redis_server, redis_url, ses, smtp_server
from postroom_testing.migrated import migrated, migrated_url


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    opened = Database(migrated_url, pool_size=8, timeout_seconds=5)
    yield opened
    opened.close()


@pytest.fixture
def heard() -> Iterator[list[tuple[str, Any]]]:
    """What was logged: (event, fields)."""
    seen: list[tuple[str, Any]] = []
    sink = logger.add(lambda message: seen.append((message.record["message"], message.record["extra"])))
    yield seen
    logger.remove(sink)
