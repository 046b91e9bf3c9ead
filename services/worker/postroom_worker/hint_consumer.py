"""A worker's hold on the hints of one queue: fetched in the order of lanes, settled when done, given back if not begun.

It stands in for dramatiq's own consumer, which fetches bulk while interactive waits, keeps what it had fetched when it
is stopped, and never sees again what was fetched for it over a connection that broke.
"""

import threading
from collections import deque
from collections.abc import Iterable
from typing import Any, cast

from dramatiq import Consumer, Message, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import compute_backoff
from dramatiq.errors import ConnectionClosed
from redis import ConnectionError, RedisError  # noqa: A004 - redis-py's name

from postroom_jobs.broker import count_waiting

_GIVE_BACK = """
for i = #ARGV, 1, -1 do
    if redis.call('SREM', KEYS[1], ARGV[i]) == 1 and redis.call('HEXISTS', KEYS[3], ARGV[i]) == 1 then
        redis.call('LPUSH', KEYS[2], ARGV[i])
    end
end
"""


class HintConsumer(Consumer):
    """Yields hints, or None after a short wait in vain.

    One thread iterates; acknowledgements may come from others.

    Args:
        broker: where hints are.
        queue: which of them.
        prefetch: hints that it holds at most, those that are being worked at included.
        after: the queue that goes first: as long as hints wait there, none is fetched from this one.
        idle_milliseconds: the longest wait in vain.
    """

    def __init__(
        self, broker: RedisBroker, queue: str, *, prefetch: int, after: str | None, idle_milliseconds: int
    ) -> None:
        self._broker = broker
        self._queue = queue
        self._prefetch = prefetch
        self._after = after
        self._idle_milliseconds = idle_milliseconds
        self._ready: deque[MessageProxy] = deque()
        self._held: set[str] = set()
        self._unsettled: list[str] = []
        self._connection_broke = False
        self._misses = 0
        self._wake = threading.Event()
        waiting = f"{broker.namespace}:{queue}"
        self._held_key = f"{broker.namespace}:__acks__.{broker.broker_id}.{queue}"
        self._keys = [self._held_key, waiting, f"{waiting}.msgs"]
        self._give_back = broker.client.register_script(_GIVE_BACK)

    def __next__(self) -> MessageProxy | None:
        """Raises ConnectionClosed when Redis does not answer."""
        if not self._ready:
            try:
                self._fetch()
            except ConnectionError as problem:
                self._connection_broke = True
                raise ConnectionClosed(problem) from None  # type: ignore[no-untyped-call]  # untyped in dramatiq
        if self._ready:
            self._misses = 0
            return self._ready.popleft()
        self._misses, pause = compute_backoff(self._misses, max_backoff=self._idle_milliseconds)
        self._wake.wait(pause / 1000)
        self._wake.clear()
        return None

    def ack(self, message: MessageProxy) -> None:
        self._settle(message, self._broker.do_ack)

    def nack(self, message: MessageProxy) -> None:
        self._settle(message, self._broker.do_nack)

    def wake(self) -> None:
        """Cut a wait short."""
        self._wake.set()

    def give_back(self, messages: Iterable[MessageProxy]) -> None:
        """Put hints back where they were, first in their queue and in this order.

        Raises:
            redis.RedisError: nobody knows whether they are back.
        """
        if ids := [_id(message) for message in messages]:
            self._give_back(keys=self._keys, args=ids)
            self._held.difference_update(ids)

    def take_rest(self) -> list[MessageProxy]:
        """What was fetched and not yet yielded; it is the caller's then."""
        rest = list(self._ready)
        self._ready.clear()
        return rest

    def _fetch(self) -> None:
        if self._connection_broke:
            self._mend()
        room = self._prefetch - len(self._held)
        if room <= 0 or (self._after and count_waiting(self._broker, self._after)):
            return
        for data in self._broker.do_fetch(self._queue, room):
            if data is None:  # its text is gone: Redis forgot it between two commands
                continue
            message = MessageProxy(Message.decode(data))
            self._held.add(_id(message))
            self._ready.append(message)

    def _mend(self) -> None:
        """Settle what was done while Redis was away, and put back what it handed out to a connection that had gone.

        A Redis that was paused carries out, once it goes on, what was asked of it meanwhile. An answer to a question
        of now says that this has been done.
        """
        self._broker.client.ping()
        while self._unsettled:
            self._broker.do_ack(self._queue, self._unsettled[-1])
            self._unsettled.pop()
        fetched = {name.decode() for name in cast("set[bytes]", self._broker.client.smembers(self._held_key))}
        if lost := sorted(fetched - self._held):
            self._give_back(keys=self._keys, args=lost)
        self._connection_broke = False

    def _settle(self, message: MessageProxy, settle: Any) -> None:
        try:
            settle(self._queue, _id(message))
        except RedisError:
            # Done is done: the worker goes on, and Redis is told when it is back.
            self._unsettled.append(_id(message))
            self._connection_broke = True
        finally:
            self._held.discard(_id(message))
            self._wake.set()


def _id(message: MessageProxy) -> str:
    return str(message.options["redis_message_id"])
