"""Dramatiq's worker as Postroom needs it: quiet while Redis is away, and leaving nothing behind when it stops."""

import threading
from collections import defaultdict

import dramatiq
from dramatiq import MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.common import iter_queue
from dramatiq.errors import ConnectionClosed
from dramatiq.worker import ConsumerThread
from loguru import logger
from redis import RedisError

from postroom_domain.lanes import Lane
from postroom_health.backing_service import BackingService
from postroom_jobs.broker import HintsUnavailable
from postroom_jobs.names import DELIVER
from postroom_worker.hint_consumer import HintConsumer

_IDLE_MILLISECONDS = 200
"""How long an idle worker may sleep before it looks for hints: the most that an email waits on an idle system."""
_AFTER = {DELIVER[Lane.BULK].queue: DELIVER[Lane.INTERACTIVE].queue}


class HintWorker(dramatiq.Worker):
    """Runs the actors of a broker.

    Args:
        broker: with its actors declared.
        redis: whether it answers is noted there by the broker's client.
        queues: from which it takes hints.
        threads: that run actors.
        prefetch: hints of each queue that it holds at most; 0: dramatiq's own choice, two for each thread.
    """

    def __init__(
        self, broker: RedisBroker, redis: BackingService, queues: set[str], *, threads: int, prefetch: int = 0
    ) -> None:
        super().__init__(broker, queues=queues, worker_timeout=_IDLE_MILLISECONDS, worker_threads=threads)
        if prefetch:
            self.queue_prefetch = prefetch
        self._hint_broker = broker
        self._redis = redis
        self._queues = queues
        self._hint_threads: list[_HintThread] = []

    def is_alive(self) -> bool:
        """Whether all its threads run."""
        return all(thread.is_alive() for thread in (*self.workers, *self.consumers.values()))

    def start(self) -> None:
        # Dramatiq's own adds itself to the broker, to hear of queues that are declared later: there are none.
        for queue_name in sorted(self._queues):
            self._add_consumer(queue_name)
        for _ in range(self.worker_threads):
            self._add_worker()

    def stop(self, timeout: int = 0) -> None:  # noqa: ARG002 - dramatiq's; whoever ends the process bounds it
        """Finish what was begun, and give back the rest at once; waits as long as that takes.

        Actors must know that the process stops: a hint that cannot be given back to Redis is handed to its actor,
        which then gives it up in MySQL.
        """
        for hint_thread in self._hint_threads:
            hint_thread.stop()
        for thread in self.workers:
            thread.stop()
        for hint_thread in self._hint_threads:
            hint_thread.join()
        self._give_back()
        for thread in self.workers:
            thread.join()

    def _add_consumer(self, queue_name: str, *, delay: bool = False) -> None:
        if delay:  # nothing is delayed in Redis: MySQL knows what is due, and when
            return
        hints = HintConsumer(
            self._hint_broker,
            queue_name,
            prefetch=self.queue_prefetch,
            after=_AFTER.get(queue_name),
            idle_milliseconds=self.worker_timeout,
        )
        thread = _HintThread(self, queue_name, hints, self._redis)
        self.consumers[queue_name] = thread
        self._hint_threads.append(thread)
        thread.start()

    def _give_back(self) -> None:
        rest: dict[str, list[MessageProxy]] = defaultdict(list)
        for item in iter_queue(self.work_queue):  # type: ignore[no-untyped-call]  # untyped in dramatiq
            rest[item.message.queue_name].append(item.message)
        for thread in self._hint_threads:
            hints = [*rest[thread.queue_name], *thread.hints.take_rest()]
            try:
                thread.hints.give_back(hints)
            except RedisError:
                for hint in hints:
                    self.broker.get_actor(hint.actor_name)(*hint.args)


class _HintThread(ConsumerThread):
    """Hands the hints of one queue to the threads that run actors."""

    def __init__(self, worker: HintWorker, queue: str, hints: HintConsumer, redis: BackingService) -> None:
        super().__init__(
            broker=worker.broker,
            queue_name=queue,
            prefetch=worker.queue_prefetch,
            work_queue=worker.work_queue,
            worker_timeout=worker.worker_timeout,
        )
        self.hints = self.consumer = hints
        self._redis = redis
        self._stopping = threading.Event()
        self._trouble: str | None = None

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                hint = next(self.hints)
            except (ConnectionClosed, HintsUnavailable):  # told by whoever watches Redis
                self._redis.wait(self._stopping)
            except Exception as problem:  # noqa: BLE001 - without this thread every email of its lane would wait
                self._tell(problem)
                self._redis.wait(self._stopping)
            else:
                self._trouble = None
                if hint is not None:
                    self.handle_message(hint)

    def stop(self) -> None:
        self._stopping.set()
        self.hints.wake()

    def _tell(self, problem: Exception) -> None:
        """Once, however often it happens."""
        if self._trouble != type(problem).__name__:
            self._trouble = type(problem).__name__
            logger.opt(exception=problem).error("hints.failed", queue=self.queue_name)
