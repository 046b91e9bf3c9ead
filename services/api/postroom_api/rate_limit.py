"""How many requests a key may make: counted in Redis, so that all api processes count together.

Requests that come while one count is on its way to Redis are counted together with the next one: under load one
round trip counts many. A Redis that is away counts nothing, and nobody waits for it: requests pass.
"""

import asyncio
import math
import time
from dataclasses import dataclass
from uuid import UUID

from loguru import logger
from redis.asyncio import Redis
from redis.exceptions import RedisError

from postroom_health.backing_service import BackingService

_WINDOW_MILLISECONDS = 1000
_ANSWER_SECONDS = 0.1
"""A Redis that takes longer is as good as away; this is the most that a request may wait for it, once."""
_PATIENCE_SECONDS = 1.0
"""A Redis that takes longer than this is told to be away."""
_PROBE_SECONDS = 1.0
_PREFIX = "postroom-rate"
_AWAY = (RedisError, OSError, TimeoutError)

# The window begins with its first request, by Redis's own clock: hosts' clocks may differ.
_COUNT = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    left = tonumber(ARGV[2])
end
return {count, left}
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request stands in its key's window.

    Attributes:
        limit: requests in one window.
        count: which of them this one is, from 1.
        reset_seconds: to the end of the window, at least 1.
    """

    limit: int
    count: int
    reset_seconds: int

    @property
    def is_over(self) -> bool:
        return self.count > self.limit

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The answer's headers, as Resend's clients read them (draft-ietf-httpapi-ratelimit-headers)."""
        return [
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % max(0, self.limit - self.count)),
            (b"ratelimit-reset", b"%d" % self.reset_seconds),
            (b"ratelimit-policy", b"%d;w=1" % self.limit),
        ]


class RateLimit:
    """Counts requests by key, on the event loop that they run on.

    Args:
        redis_url: shared by all api processes.
        per_second: requests of one key; 0 counts nothing.
        service: where it is noted whether Redis answers.
    """

    def __init__(self, redis_url: str, per_second: int, service: BackingService) -> None:
        self._limit = per_second
        self._service = service
        self._redis = _open(redis_url, _ANSWER_SECONDS)
        self._patient = _open(redis_url, _PATIENCE_SECONDS)
        self._count = self._redis.register_script(_COUNT)
        self._waiting: dict[UUID, list[asyncio.Future[Standing | None]]] = {}
        self._counting: asyncio.Task[None] | None = None
        self._probing: asyncio.Task[None] | None = None

    async def take(self, key_id: UUID) -> Standing | None:
        """Count one request; None where nothing is counted."""
        if self._limit == 0 or self._probing is not None:
            return None
        future: asyncio.Future[Standing | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key_id, []).append(future)
        if self._counting is None:
            self._counting = asyncio.create_task(self._count_all())
        return await future

    async def close(self) -> None:
        for task in (self._counting, self._probing):
            if task is not None:
                task.cancel()
        await self._redis.aclose()
        await self._patient.aclose()

    async def _count_all(self) -> None:
        waiting: dict[UUID, list[asyncio.Future[Standing | None]]] = {}
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, {}
                await self._count_once(waiting)
        except _AWAY:
            self._probing = asyncio.create_task(self._probe())
        finally:
            self._counting = None
            # Whatever happened, nobody is left waiting.
            for futures in (*waiting.values(), *self._waiting.values()):
                for future in futures:
                    if not future.done():
                        future.set_result(None)
            self._waiting = {}

    async def _count_once(self, waiting: dict[UUID, list[asyncio.Future[Standing | None]]]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for key_id, futures in waiting.items():
                arguments = [len(futures), _WINDOW_MILLISECONDS]
                await self._count(keys=[f"{_PREFIX}:{key_id}"], args=arguments, client=pipeline)
            counts = await pipeline.execute()
        for futures, (count, left) in zip(waiting.values(), counts, strict=True):
            reset_seconds = max(1, math.ceil(left / 1000))
            for place, future in enumerate(futures, start=count - len(futures) + 1):
                if not future.done():  # else the client went away
                    future.set_result(Standing(self._limit, place, reset_seconds))

    async def _probe(self) -> None:
        """Ask, more patiently, until Redis answers; requests pass meanwhile."""
        was_away = False
        while not await self._answers():
            was_away = True
            await asyncio.sleep(_PROBE_SECONDS)
        if not was_away:
            logger.warning("rate_limit.paused", reason="Redis answers too slowly", seconds=_PROBE_SECONDS)
            await asyncio.sleep(_PROBE_SECONDS)
        self._probing = None

    async def _answers(self) -> bool:
        asked_at = time.monotonic()
        try:
            await self._patient.ping()
        except _AWAY:
            self._service.note(asked_at, "it does not answer")
            return False
        self._service.note(asked_at)
        return True


def _open(redis_url: str, seconds: float) -> Redis:
    return Redis.from_url(redis_url, socket_timeout=seconds, socket_connect_timeout=seconds)
