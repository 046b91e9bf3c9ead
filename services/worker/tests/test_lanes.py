import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import dramatiq
import pytest
from dramatiq.brokers.redis import RedisBroker

from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_health.backing_service import BackingService
from postroom_jobs.broker import open_broker
from postroom_jobs.hints import Hints
from postroom_jobs.names import ALONE, DELIVER, PROVIDER, PROVIDER_EVENTS, SLOW_WEBHOOKS, WEBHOOKS, Job
from postroom_testing.server import wait_until
from postroom_worker.lanes import Lanes

THREADS = 2
QUEUES = [*DELIVER.values(), ALONE, PROVIDER, PROVIDER_EVENTS, WEBHOOKS, SLOW_WEBHOOKS]


@pytest.fixture
def broker(redis_url: str) -> Iterator[RedisBroker]:
    opened = open_broker(redis_url, timeout_seconds=2)
    yield opened
    opened.client.close()


class Worker:
    """Lanes whose threads wait at a gate with every hint that they get of some queues.

    Attributes:
        held: the names of those queues.
    """

    def __init__(self, broker: RedisBroker, pace: Any) -> None:
        self.gate = threading.Event()
        self.held = {"bulk"}
        self.begun: list[str] = []
        self.done: list[str] = []
        for job in QUEUES:
            self._declare(broker, job)
        self.lanes = Lanes(broker, BackingService("redis"), THREADS, pace)

    def _declare(self, broker: RedisBroker, job: Job) -> None:
        def act(ids: list[str]) -> None:
            self.begun.append(job.queue)
            if job.queue in self.held:
                self.gate.wait(20)
            self.done.append(job.queue)

        dramatiq.actor(broker=broker, actor_name=job.actor, queue_name=job.queue, priority=job.priority)(act)


class Clock:
    """In the place of a pace: what it was told to do."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def start(self) -> None:
        self.told.append("start")

    def close(self) -> None:
        self.told.append("close")


Start = Callable[[Any], Worker]


@pytest.fixture
def start(broker: RedisBroker) -> Iterator[Start]:
    made: list[Worker] = []

    def begin(pace: Any) -> Worker:
        worker = Worker(broker, pace)
        worker.lanes.start()
        made.append(worker)
        return worker

    yield begin
    for worker in made:
        worker.gate.set()
        if worker.lanes.are_alive():
            worker.lanes.stop()


def ids(count: int) -> list[UUID]:
    return [new_id() for _ in range(count)]


def test_a_batch_that_waits_holds_nothing_else_up(broker: RedisBroker, start: Start) -> None:
    hints, worker = Hints(broker, mark=1000), start(Clock())
    hints.give(Lane.BULK, ids(100))
    wait_until(lambda: worker.begun.count("bulk") == THREADS, seconds=10, what="the batch to be under way")
    for job in QUEUES:
        if job.queue != "bulk":
            hints.give_to(job, ids(5))
    wait_until(lambda: {"interactive", "alone", "provider"} <= set(worker.done), seconds=10, what="all else")
    assert "bulk" not in worker.done


def test_mail_of_any_kind_that_waits_does_not_hold_events_up(broker: RedisBroker, start: Start) -> None:
    hints, worker = Hints(broker, mark=1000), start(Clock())
    worker.held |= {"interactive"}
    for lane in (Lane.BULK, Lane.INTERACTIVE):  # bulk mail is not begun while interactive mail waits
        hints.give(lane, ids(100))
        wait_until(
            lambda queue=DELIVER[lane].queue: worker.begun.count(queue) == THREADS,  # type: ignore[misc]  # bound per lane
            seconds=10,
            what="all threads for mail to be taken",
        )
    hints.give_to(PROVIDER_EVENTS, ids(15))
    wait_until(lambda: worker.done == ["provider_events"] * 2, seconds=10, what="the events")


def test_mail_whose_worker_died_waits_for_no_other_mail(broker: RedisBroker, start: Start) -> None:
    """Nor does what the provider is asked. Where mail never stops coming, either would wait for ever."""
    hints, worker = Hints(broker, mark=1000), start(Clock())
    worker.held |= {"interactive"}
    hints.give(Lane.INTERACTIVE, ids(100))
    wait_until(lambda: worker.begun.count("interactive") == THREADS, seconds=10, what="all threads to be taken")
    for job in (ALONE, PROVIDER):
        hints.give_to(job, ids(1))
    wait_until(lambda: sorted(worker.done) == ["alone", "provider"], seconds=10, what="both")


def test_bulk_mail_that_is_paced_is_fetched_when_a_thread_is_free(broker: RedisBroker, start: Start) -> None:
    hints, worker = Hints(broker, mark=1000), start(Clock())
    hints.give(Lane.BULK, ids(100))
    wait_until(lambda: worker.begun.count("bulk") == THREADS, seconds=10, what="the batch to be under way")
    time.sleep(0.5)
    assert hints.room(Lane.BULK) == 1000 - 100 + THREADS * 10
    worker.gate.set()
    wait_until(lambda: worker.done.count("bulk") == 10, seconds=10, what="all of the batch")


def test_both_lanes_stop_at_the_same_time(broker: RedisBroker, start: Start) -> None:
    hints, pace = Hints(broker, mark=1000), Clock()
    worker = start(pace)
    assert pace.told == ["start"]
    assert worker.lanes.are_alive()
    hints.give(Lane.BULK, ids(100))
    wait_until(lambda: worker.begun.count("bulk") == THREADS, seconds=10, what="the batch to be under way")
    stop = threading.Thread(target=worker.lanes.stop)
    stop.start()
    time.sleep(0.5)
    assert not worker.lanes.are_alive()
    assert pace.told == ["start"]
    worker.gate.set()
    stop.join(5)
    assert not stop.is_alive()
    assert pace.told == ["start", "close"]
    assert worker.done == ["bulk"] * THREADS
    assert hints.room(Lane.BULK) == 1000 - 100 + THREADS * 10
