"""Redis as dramatiq's broker: a bounded window on what waits in MySQL, and nothing that must not be lost."""

from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware
from redis import Redis, RedisError

_NAMESPACE = "postroom"
_HEARTBEAT_MILLISECONDS = 30_000
_DEAD_MILLISECONDS = 3_600_000


class HintsUnavailable(Exception):  # noqa: N818 - it says what is wrong
    """Redis does not answer. Whoever wanted to hint says so in MySQL; the sweep will hint."""


def check_broker(broker: RedisBroker) -> None:
    """Raise HintsUnavailable when Redis does not answer."""
    try:
        broker.client.ping()
    except RedisError as problem:
        raise HintsUnavailable("Redis does not answer") from problem


def open_broker(url: str, *, timeout_seconds: float, middleware: list[Middleware] | None = None) -> RedisBroker:
    """A broker without dramatiq's own Retries, TimeLimit and AgeLimit: MySQL alone decides what is tried again.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
        timeout_seconds: to connect and for one answer; a Redis that is paused must not hold a caller.
        middleware: what the caller wants beside an empty list.
    """
    client = Redis.from_url(
        url,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        health_check_interval=30,
    )
    return RedisBroker(  # type: ignore[no-untyped-call]  # dramatiq types its brokers no further
        client=client,
        middleware=middleware or [],
        namespace=_NAMESPACE,
        heartbeat_timeout=_HEARTBEAT_MILLISECONDS,
        dead_message_ttl=_DEAD_MILLISECONDS,
    )
