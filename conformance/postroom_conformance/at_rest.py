"""All that backing services keep, searched for what none of them should."""

from collections.abc import Iterator, Mapping
from typing import Any

import redis
from sqlalchemy import Engine, MetaData


def find_in_database(engine: Engine, secrets: Mapping[str, bytes]) -> list[str]:
    """Which secrets stand in which column, in clear."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return sorted(
            {
                f"{name} in {table.name}.{column}"
                for table in tables.sorted_tables
                for row in connection.execute(table.select()).mappings()
                for column, value in row.items()
                for name, secret in secrets.items()
                if secret in as_bytes(value)
            }
        )


def find_in_redis(client: redis.Redis, secrets: Mapping[str, bytes]) -> list[str]:
    """Which secrets stand under which key, or in one."""
    return sorted(
        {
            f"{name} in {key.decode()}"
            for key in client.scan_iter()
            for value in (key, *read(client, key))
            for name, secret in secrets.items()
            if secret in as_bytes(value)
        }
    )


def read(client: redis.Redis, key: bytes) -> Iterator[Any]:
    """Every value under a key, whatever its type."""
    match client.type(key):
        case b"string":
            yield client.get(key)
        case b"list":
            yield from client.lrange(key, 0, -1)
        case b"set":
            yield from client.smembers(key)
        case b"zset":
            yield from client.zrange(key, 0, -1)
        case b"hash":
            for pair in client.hgetall(key).items():
                yield from pair


def as_bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    return str(value).encode()
