"""The threads of a worker, some for each kind of work, so that what waits or is slow holds nothing else up."""

import threading

from dramatiq.brokers.redis import RedisBroker

from postroom_domain.lanes import Lane
from postroom_health.backing_service import BackingService
from postroom_jobs.names import ALONE, DELIVER, PROVIDER, PROVIDER_EVENTS, SLOW_WEBHOOKS, WEBHOOKS
from postroom_worker.hint_worker import HintWorker
from postroom_worker.pace import Pace

_ALONE_THREADS = 1
_PROVIDER_THREADS = 2
_EVENT_THREADS = 2


def count_threads(threads: int) -> int:
    """All that may be at work at once, where each of the larger kinds has that many."""
    return 4 * threads + _ALONE_THREADS + _PROVIDER_THREADS + _EVENT_THREADS


class Lanes:
    """Workers, each with queues and threads of its own, on one broker.

    Args:
        broker: whose actors are declared.
        redis: whether it answers is noted there by the broker's client.
        threads: of each of the two that deliver, and of each of the two for webhooks.
        pace: runs as long as they do; None: there is none.
    """

    def __init__(self, broker: RedisBroker, redis: BackingService, threads: int, pace: Pace | None) -> None:
        self._pace = pace
        interactive = {DELIVER[Lane.INTERACTIVE].queue}
        bulk = {DELIVER[Lane.BULK].queue}
        # Where there is a pace, bulk mail waits in threads until it may go. What is fetched before a thread is free
        # for it would wait unseen: its hint looks lost, and other workers could send it as well.
        prefetch = 0 if pace is None else threads
        self._workers = [
            HintWorker(broker, redis, interactive, threads=threads),
            HintWorker(broker, redis, bulk, threads=threads, prefetch=prefetch),
            # Behind interactive mail they would wait as long as any of it waits: where it never stops coming, for ever.
            HintWorker(broker, redis, {ALONE.queue}, threads=_ALONE_THREADS),
            HintWorker(broker, redis, {PROVIDER.queue}, threads=_PROVIDER_THREADS),
            # They settle mail, and must not wait behind mail; nor mail behind them.
            HintWorker(broker, redis, {PROVIDER_EVENTS.queue}, threads=_EVENT_THREADS),
            # A webhook keeps its thread for seconds, so that what is fetched early would wait unseen as well.
            HintWorker(broker, redis, {WEBHOOKS.queue}, threads=threads, prefetch=threads),
            HintWorker(broker, redis, {SLOW_WEBHOOKS.queue}, threads=threads, prefetch=threads),
        ]

    def start(self) -> None:
        if self._pace is not None:
            self._pace.start()
        for worker in self._workers:
            worker.start()

    def are_alive(self) -> bool:
        return all(worker.is_alive() for worker in self._workers)

    def stop(self) -> None:
        """Let all finish what they have begun, at the same time; waits as long as that takes."""
        stops = [threading.Thread(target=worker.stop) for worker in self._workers]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()
        if self._pace is not None:
            self._pace.close()
