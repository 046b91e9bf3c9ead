from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from loguru import logger

from postroom_database.engine import Database
from postroom_domain.lanes import Lane
from postroom_jobs.broker import open_broker
from postroom_jobs.names import DELIVER, Job
from postroom_testing.fixtures import mariadb, mariadb_url, redis_server, redis_url
from postroom_testing.migrated import migrated, migrated_url


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    opened = Database(migrated_url, pool_size=8, timeout_seconds=2)
    yield opened
    opened.close()


@dataclass
class Window:
    """What stands in Redis, as a worker would find it."""

    broker: RedisBroker

    def ids(self, of: Lane | Job = Lane.INTERACTIVE) -> list[str]:
        """The hinted ids of a lane or another queue, in the order in which workers will get them."""
        key = f"postroom:{_queue(of)}"
        # In this order: a hint's message is there before its name stands in the queue.
        names = self.broker.client.lrange(key, 0, -1)
        messages: dict[Any, Any] = self.broker.client.hgetall(f"{key}.msgs")
        return _ids([messages[name] for name in names])

    def take(self, count: int, of: Lane | Job = Lane.INTERACTIVE) -> list[str]:
        """Fetch hints as a worker does; the ids that they carry."""
        return _ids(self.broker.do_fetch(_queue(of), count))


def _queue(of: Lane | Job) -> str:
    return of.queue if isinstance(of, Job) else DELIVER[of].queue


def _ids(messages: list[bytes]) -> list[str]:
    return [text for data in messages for text in Message.decode(data).args[0]]


@pytest.fixture
def window(redis_url: str) -> Iterator[Window]:
    broker = open_broker(redis_url, timeout_seconds=0.5)
    yield Window(broker)
    broker.client.close()


@dataclass
class Events:
    """What was logged: (event, fields)."""

    seen: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def names(self) -> list[str]:
        return [name for name, _ in self.seen]

    def of(self, name: str) -> list[dict[str, Any]]:
        return [fields for event, fields in self.seen if event == name]


@pytest.fixture
def events() -> Iterator[Events]:
    heard = Events()
    sink = logger.add(
        lambda message: heard.seen.append((message.record["message"], message.record["extra"])), level="DEBUG"
    )
    yield heard
    logger.remove(sink)
