"""The threads of a worker: some for bulk mail, as many for all else, so that a batch that waits holds nobody up."""

import threading

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from postroom_domain.lanes import Lane
from postroom_jobs.names import ALONE, DELIVER, PROVIDER
from postroom_worker.pace import Pace

_POLL_MILLISECONDS = 200
"""How long an idle worker may sleep before it looks for hints: the most that an email waits on an idle system."""


class Lanes:
    """Two of dramatiq's workers, each with queues and threads of its own, on one broker.

    Args:
        broker: whose actors are declared.
        threads: of each.
        pace: runs as long as they do; None: there is none.
    """

    def __init__(self, broker: RedisBroker, threads: int, pace: Pace | None) -> None:
        self._pace = pace
        bulk = {DELIVER[Lane.BULK].queue}
        others = {DELIVER[Lane.INTERACTIVE].queue, ALONE.queue, PROVIDER.queue}
        self._workers = [
            dramatiq.Worker(broker, queues=queues, worker_threads=threads, worker_timeout=_POLL_MILLISECONDS)
            for queues in (others, bulk)
        ]
        if pace is not None:
            # Mail waits in threads until it may go. What is fetched before a thread is free for it would wait unseen:
            # its hint looks lost, and other workers could send it as well.
            self._workers[1].queue_prefetch = threads

    def start(self) -> None:
        if self._pace is not None:
            self._pace.start()
        for worker in self._workers:
            worker.start()

    def are_alive(self) -> bool:
        return all(
            thread.is_alive() for worker in self._workers for thread in (*worker.workers, *worker.consumers.values())
        )

    def stop(self, seconds: float) -> None:
        """Let all finish what they have begun, at the same time."""
        stops = [
            threading.Thread(target=worker.stop, kwargs={"timeout": int(seconds * 1000)}) for worker in self._workers
        ]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()
        if self._pace is not None:
            self._pace.close()
