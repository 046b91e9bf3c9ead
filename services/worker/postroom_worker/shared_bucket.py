"""The bucket that all workers share, in Redis and by its clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from redis import Redis
from redis.exceptions import RedisError

from postroom_domain.lanes import Lane
from postroom_worker.bucket import Taken, Terms, capacity

_KEY = "postroom-pace"
_WORKERS_KEY = "postroom-pace-workers"
_ANSWER_SECONDS = 0.5
"""A Redis that takes longer is as good as away."""

# Fields of the bucket: tokens, at (when they were counted), reading, rate, capacity, day_left, since (when the
# reading came here). A count of the day that starts from an old reading is worth nothing: days roll on.
_TAKE = """
local LIVE_SECONDS, FORGET_SECONDS, DAY_SECONDS, SLACK = 15, 3600, 3600, 1e-9
local count, kept, worker = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local reading, rate, capacity, day_left = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local day_kept = tonumber(ARGV[8])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZADD', KEYS[2], now, worker)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - LIVE_SECONDS)

local stored = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'reading', 'rate', 'capacity', 'day_left', 'since')
local since = now
if tonumber(stored[3] or -1) >= reading then
    reading, rate, capacity = tonumber(stored[3]), tonumber(stored[4]), tonumber(stored[5])
    day_left, since = tonumber(stored[6]), tonumber(stored[7])
end
local elapsed = math.max(0, now - tonumber(stored[2] or now))
local tokens = math.min(capacity, tonumber(stored[1] or capacity) + elapsed * rate)
if now - since > DAY_SECONDS then
    day_left = -1
end

local reserve = capacity * kept
local needed = math.min(count, capacity - reserve) + reserve
local granted, wait, spent = 0, 0, 0
if count > 0 and day_left >= 0 and day_left - count < day_kept then
    spent = 1
elseif count > 0 and tokens + SLACK < needed then
    wait = (needed - tokens) / rate
else
    granted = 1
    tokens = math.min(capacity, tokens - count)
    if day_left >= 0 then
        day_left = math.max(0, day_left - count)
    end
end
local function text(number)
    return string.format('%.17g', number)
end
redis.call('HSET', KEYS[1], 'tokens', text(tokens), 'at', text(now), 'reading', text(reading), 'rate', text(rate),
    'capacity', text(capacity), 'day_left', text(day_left), 'since', text(since))
redis.call('EXPIRE', KEYS[1], FORGET_SECONDS)
redis.call('EXPIRE', KEYS[2], FORGET_SECONDS)
return {granted, text(wait), spent, text(day_left), redis.call('ZCARD', KEYS[2])}
"""

_THROTTLE = """
local stored = redis.call('HMGET', KEYS[1], 'tokens', 'rate')
if stored[1] then
    redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', math.min(tonumber(stored[1]), -tonumber(stored[2]))))
end
"""


class BucketUnavailable(Exception):  # noqa: N818 - it says what is wrong
    """Redis does not answer."""


class SharedBucket:
    """One bucket for all workers with the same Redis.

    Args:
        redis_url: shared by all workers.
        share: of the bucket that bulk mail leaves.
    """

    def __init__(self, redis_url: str, share: float) -> None:
        self._share = share
        self._worker = uuid4().hex
        self._redis = Redis.from_url(redis_url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS)
        self._take = self._redis.register_script(_TAKE)
        self._throttle = self._redis.register_script(_THROTTLE)

    def take(self, lane: Lane, count: int, terms: Terms) -> Taken:
        """See Bucket.

        Raises:
            BucketUnavailable: nothing is known to be taken.
        """
        kept = self._share if lane is Lane.BULK else 0.0
        arguments: list[Any] = [
            count,
            kept,
            self._worker,
            terms.reading,
            terms.per_second,
            capacity(terms.per_second, self._share),
            terms.day_left,
            terms.day_kept if lane is Lane.BULK else 0.0,
        ]
        with _translated():
            granted, wait, spent, day_left, workers = self._take(keys=[_KEY, _WORKERS_KEY], args=arguments)
        return Taken(bool(granted), float(wait), bool(spent), float(day_left), int(workers))

    def throttled(self) -> None:
        """See Bucket.

        Raises:
            BucketUnavailable: nobody is told.
        """
        with _translated():
            self._throttle(keys=[_KEY])

    def close(self) -> None:
        self._redis.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as problem:
        raise BucketUnavailable(type(problem).__name__) from problem
