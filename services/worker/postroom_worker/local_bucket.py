"""The bucket of one worker while it cannot reach the one that all share: by the same rule, of its part of the rate."""

import threading
import time

from postroom_domain.lanes import Lane
from postroom_domain.quotas import UNLIMITED
from postroom_worker.bucket import Taken, Terms, capacity

_SLACK = 1e-9


class LocalBucket:
    """Empty at first: what others have taken is not known.

    Args:
        share: of the bucket that bulk mail leaves.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._lock = threading.Lock()
        self._tokens = 0.0
        self._at = time.monotonic()
        self._reading = -1
        self._per_second = 0.0
        self._day_left = UNLIMITED

    def take(self, lane: Lane, count: int, terms: Terms) -> Taken:
        """See Bucket."""
        with self._lock:
            if terms.reading > self._reading:
                self._reading, self._day_left = terms.reading, terms.day_left
            self._per_second = terms.per_second
            size = capacity(terms.per_second, self._share)
            now = time.monotonic()
            self._tokens = min(size, self._tokens + (now - self._at) * terms.per_second)
            self._at = now
            is_bulk = lane is Lane.BULK
            reserve = size * self._share if is_bulk else 0.0
            needed = min(count, size - reserve) + reserve
            if count > 0 and self._day_left >= 0 and self._day_left - count < (terms.day_kept if is_bulk else 0.0):
                return self._answer(granted=False, day_is_spent=True)
            if count > 0 and self._tokens + _SLACK < needed:
                return self._answer(granted=False, wait_seconds=(needed - self._tokens) / terms.per_second)
            self._tokens = min(size, self._tokens - count)
            if self._day_left >= 0:
                self._day_left = max(0.0, self._day_left - count)
            return self._answer(granted=True)

    def throttled(self) -> None:
        """See Bucket."""
        with self._lock:
            self._tokens = min(self._tokens, -self._per_second)

    def _answer(self, *, granted: bool, wait_seconds: float = 0.0, day_is_spent: bool = False) -> Taken:
        return Taken(granted, wait_seconds, day_is_spent, self._day_left, 1)
