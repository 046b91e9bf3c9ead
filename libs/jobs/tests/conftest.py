from collections.abc import Iterator

import pytest
from dramatiq.brokers.redis import RedisBroker
from redis import Redis

from postroom_jobs.broker import open_broker
from postroom_testing.fixtures import redis_server, redis_url


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    opened = open_broker(redis_url, timeout_seconds=0.5)
    yield opened
    opened.client.close()


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    """A plain client beside the broker, to look and to meddle."""
    with Redis.from_url(redis_url, socket_timeout=5) as opened:
        yield opened
