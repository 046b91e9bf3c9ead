"""When an email may go: as fast as the provider takes mail from all workers together, and interactive mail first."""

import threading
import time
from dataclasses import replace
from enum import Enum, auto
from typing import TypeAlias

from loguru import logger

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.repositories import quotas
from postroom_domain.lanes import Lane
from postroom_domain.quotas import UNLIMITED, Quota
from postroom_worker.bucket import Taken, Terms
from postroom_worker.local_bucket import LocalBucket
from postroom_worker.metrics import QUOTA_DAY_LEFT, QUOTA_DAY_USED, QUOTA_PER_DAY, QUOTA_PER_SECOND, QUOTA_SENDING
from postroom_worker.parking import Parked, day_is_spent, sending_is_paused
from postroom_worker.quota_reading import ask_for_reading
from postroom_worker.shared_bucket import BucketUnavailable, SharedBucket

_BEAT_SECONDS = 1.0
_FRESH_SECONDS = 5.0
"""How old the last reading, and the count of workers, may be here."""
_SHORTEST_SECONDS = 0.02
"""Between two questions; a fifth of what the bucket holds comes meanwhile, so none overflows."""
_LONGEST_SECONDS = 1.0
"""Between two questions: the rate may rise meanwhile."""

# SES's sandbox (AWS, "Service quotas in Amazon SES"): what every account has.
_UNREAD = Quota(per_second=1.0, per_day=UNLIMITED, sent_in_day=0.0, sending_enabled=True)


class Turn(Enum):
    GRANTED = auto()
    """The email may go now."""
    WAITS = auto()
    """Not yet: ask again."""
    STOPPED = auto()
    """The worker stops."""


Answer: TypeAlias = Turn | Parked


class Pace:
    """Shared by all threads of a worker; a thread of its own keeps it up to date.

    Args:
        database: where the quota stands.
        redis_url: of the bucket that all workers share.
        share: of the quota that bulk mail leaves to interactive mail.
    """

    def __init__(self, database: Database, redis_url: str, share: float) -> None:
        self._database = database
        self._shared = SharedBucket(redis_url, share)
        self._share = share
        self._local: LocalBucket | None = None
        self._lock = threading.Lock()
        self._quota = _UNREAD
        self._terms = self._terms_of(_UNREAD, 0)
        self._day_left = UNLIMITED
        self._workers = 1
        self._read_at = self._announced_at = float("-inf")
        self._asked = False
        # One thread of a lane asks, the others wait for it: however many threads, a question for each token.
        self._turns = {lane: threading.Lock() for lane in Lane}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="pace", daemon=True)

    def start(self) -> None:
        """Have the quota read, look what is known of it, then look again and again."""
        self._beat()
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._shared.close()

    def wait(self, lane: Lane, recipients: int, stopping: threading.Event, *, seconds: float) -> Answer:
        """Wait until an email may go, and take what it needs.

        Args:
            lane: of the email.
            recipients: in its envelope.
            stopping: ends the waiting when it is set.
            seconds: after which the caller wants to be told that it still waits.
        """
        ends_at = time.monotonic() + seconds
        turn = self._turns[lane]
        if not turn.acquire(timeout=seconds):
            return Turn.WAITS
        try:
            while not stopping.is_set():
                quota = self._quota
                if not quota.sending_enabled or quota.per_second <= 0:
                    return sending_is_paused()
                taken = self._take(lane, recipients)
                if taken.granted:
                    return Turn.GRANTED
                if taken.day_is_spent:
                    return day_is_spent()
                left = ends_at - time.monotonic()
                if left <= 0:
                    return Turn.WAITS
                stopping.wait(min(max(taken.wait_seconds, _SHORTEST_SECONDS), _LONGEST_SECONDS, left))
            return Turn.STOPPED
        finally:
            turn.release()

    def give_back(self, lane: Lane, recipients: int) -> None:
        """Of what was granted, so many were not sent to."""
        if recipients > 0:
            self._take(lane, -recipients)

    def throttled(self) -> None:
        """The provider said that it was too much."""
        local = self._local
        try:
            if local is None:
                self._shared.throttled()
            else:
                local.throttled()
        except BucketUnavailable as problem:
            self._localise(str(problem))

    def _take(self, lane: Lane, count: int) -> Taken:
        local = self._local
        if local is None:
            try:
                return self._ask(lane, count)
            except BucketUnavailable as problem:
                local = self._localise(str(problem))
        return local.take(lane, count, self._local_terms())

    def _ask(self, lane: Lane, count: int) -> Taken:
        taken = self._shared.take(lane, count, self._terms)
        self._workers, self._day_left, self._announced_at = taken.workers, taken.day_left, time.monotonic()
        return taken

    def _localise(self, reason: str) -> LocalBucket:
        """Keep to this worker's part, until Redis is back."""
        with self._lock:
            if self._local is None:
                self._local = LocalBucket(self._share)
                # What the workers have taken since the reading counts.
                left = replace(self._local_terms(), day_left=_part(self._day_left, self._workers))
                self._local.take(Lane.INTERACTIVE, 0, left)
                logger.info("pace.localised", workers=self._workers, reason=reason)
            return self._local

    def _local_terms(self) -> Terms:
        terms, workers = self._terms, self._workers
        return Terms(
            terms.reading,
            terms.per_second / workers,
            _part(terms.day_left, workers),
            terms.day_kept / workers,
        )

    def _keep(self) -> None:
        while not self._closing.wait(_BEAT_SECONDS):
            try:
                self._beat()
            except Exception:  # a fault here must not leave the worker with an old quota for ever
                logger.exception("pace.failed")

    def _beat(self) -> None:
        """Read the quota, tell Redis that this worker lives, and notice when Redis is back."""
        now = time.monotonic()
        if self._terms.reading == 0 or now - self._read_at >= _FRESH_SECONDS:
            self._read()
        if self._local is None:
            if now - self._announced_at >= _FRESH_SECONDS:
                self._take(Lane.INTERACTIVE, 0)
        else:
            self._return()
        QUOTA_PER_SECOND.set(self._quota.per_second)
        QUOTA_PER_DAY.set(self._quota.per_day)
        QUOTA_DAY_USED.set(self._quota.sent_in_day)
        QUOTA_DAY_LEFT.set(self._day_left)
        QUOTA_SENDING.set(self._quota.sending_enabled)

    def _read(self) -> None:
        try:
            if not self._asked:
                ask_for_reading(self._database)
                self._asked = True
            with self._database.read() as connection:
                reading = quotas.read(connection)
        except DatabaseUnavailable:
            return  # whoever claims an email says so
        if reading is not None:
            self._quota = reading.quota
            if reading.quota.per_second > 0:
                self._terms = self._terms_of(reading.quota, int(reading.read_at.timestamp() * 1_000_000))
        self._read_at = time.monotonic()

    def _return(self) -> None:
        try:
            self._ask(Lane.INTERACTIVE, 0)
        except BucketUnavailable:
            return
        self._local = None
        logger.info("pace.shared", workers=self._workers)

    def _terms_of(self, quota: Quota, number: int) -> Terms:
        return Terms(number, quota.per_second, quota.day_left, max(0.0, quota.per_day) * self._share)


def _part(day_left: float, workers: int) -> float:
    return day_left if day_left < 0 else day_left / workers
