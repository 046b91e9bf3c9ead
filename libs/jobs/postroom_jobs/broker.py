"""Redis as dramatiq's broker: a bounded window on what waits in MySQL, and nothing that must not be lost."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware
from redis import AuthenticationError, ConnectionError, Redis, RedisError, TimeoutError  # noqa: A004 - redis-py's names

_NAMESPACE = "postroom"
_HEARTBEAT_MILLISECONDS = 30_000
_DEAD_MILLISECONDS = 3_600_000


class HintsUnavailable(Exception):  # noqa: N818 - it says what is wrong
    """Redis takes no hints now. Whoever wanted to hint says so in MySQL; the sweep will hint."""


class HintsRefused(HintsUnavailable):
    """Redis answers, and takes no hints all the same: its memory is full, or it is read-only."""


class _Client(Redis):
    """A client whose time-outs are connection errors.

    Dramatiq repeats an acknowledgement, and starts a consumer again, after connection errors only; an acknowledgement
    that a paused Redis did not answer would stay open as long as the worker lives.
    """

    note: Callable[[float, str | None], None] = staticmethod(lambda _asked_at, _problem: None)

    def execute_command(self, *args: Any, **options: Any) -> Any:
        asked_at = time.monotonic()
        try:
            answer = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # untyped in redis-py
        except AuthenticationError:
            self.note(asked_at, "it refuses the user or the password")
            raise
        except ConnectionError:
            self.note(asked_at, "it does not answer")
            raise
        except TimeoutError as problem:
            self.note(asked_at, "it does not answer in time")
            raise ConnectionError("no answer in time") from problem
        self.note(asked_at, None)
        return answer


def check_broker(broker: RedisBroker) -> None:
    """Raise HintsUnavailable when Redis does not answer."""
    with translated():
        broker.client.ping()


def count_waiting(broker: RedisBroker, queue: str) -> int:
    """Messages of a queue that no worker has fetched yet.

    Dramatiq's own count holds fetched ones too; those whose fetch or acknowledgement was lost on the way stay in it
    as long as their worker lives, and would close the window bit by bit.

    Raises:
        HintsUnavailable: Redis does not answer.
    """
    with translated():
        return int(broker.client.llen(f"{_NAMESPACE}:{queue}"))


def first_waiting(broker: RedisBroker, queue: str, count: int) -> list[Message[Any]]:
    """The messages of a queue that workers will fetch next, at most so many.

    Raises:
        HintsUnavailable: Redis does not answer.
    """
    key = f"{_NAMESPACE}:{queue}"
    with translated():
        names = broker.client.lrange(key, 0, count - 1)
        found: list[Any] = broker.client.hmget(f"{key}.msgs", names) if names else []
    # One that was fetched, and done, between the two questions is not there any more.
    return [Message.decode(data) for data in found if data is not None]


@contextmanager
def translated() -> Iterator[None]:
    """Whatever is wrong with Redis comes out as HintsUnavailable, whose text holds no address."""
    try:
        yield
    except AuthenticationError as problem:
        raise HintsUnavailable("Redis refuses the user or the password") from problem
    except (ConnectionError, TimeoutError) as problem:
        raise HintsUnavailable("Redis does not answer") from problem
    except RedisError as problem:
        raise HintsRefused(f"Redis refuses: {problem}") from problem


def open_broker(
    url: str,
    *,
    timeout_seconds: float,
    middleware: list[Middleware] | None = None,
    note: Callable[[float, str | None], None] | None = None,
) -> RedisBroker:
    """A broker without dramatiq's own Retries, TimeLimit and AgeLimit: MySQL alone decides what is tried again.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
        timeout_seconds: to connect and for one answer; a Redis that is paused must not hold a caller.
        middleware: what the caller wants beside an empty list.
        note: told of each command when it was given, by the monotonic clock, and why Redis did not answer, or None.
    """
    client = _Client.from_url(
        url,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        health_check_interval=30,
    )
    if note is not None:
        client.note = note  # type: ignore[attr-defined]  # from_url is typed to give a plain client
    return RedisBroker(  # type: ignore[no-untyped-call]  # dramatiq types its brokers no further
        client=client,
        middleware=middleware or [],
        namespace=_NAMESPACE,
        heartbeat_timeout=_HEARTBEAT_MILLISECONDS,
        dead_message_ttl=_DEAD_MILLISECONDS,
    )
