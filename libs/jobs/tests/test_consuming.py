import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import dramatiq
import pytest
from dramatiq.brokers.redis import RedisBroker

from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_jobs.hints import Hints
from postroom_jobs.names import DELIVER
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until

SECONDS = 10


@dataclass
class Consumer:
    """A worker with one thread, which waits at the gate with every hint that it has in hand."""

    broker: RedisBroker
    taken: "queue.Queue[tuple[Lane, list[str]]]" = field(default_factory=queue.Queue)
    gate: threading.Event = field(default_factory=threading.Event)

    def take(self) -> tuple[Lane, list[str]]:
        return self.taken.get(timeout=SECONDS)

    def start(self) -> dramatiq.Worker:
        for lane, job in DELIVER.items():
            self._declare(lane, job.actor, job.queue, job.priority)
        worker = dramatiq.Worker(self.broker, worker_threads=1, worker_timeout=20)
        worker.start()
        return worker

    def _declare(self, lane: Lane, actor: str, queue_name: str, priority: int) -> None:
        def run(ids: list[str]) -> None:
            self.taken.put((lane, ids))
            assert self.gate.wait(SECONDS)

        dramatiq.actor(broker=self.broker, actor_name=actor, queue_name=queue_name, priority=priority)(run)


@pytest.fixture
def consumer(broker: RedisBroker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Consumer]:
    monkeypatch.setattr("dramatiq.worker.CONSUMER_RESTART_DELAY_SECS", 0.05)
    monkeypatch.setattr("dramatiq.worker.POST_PROCESS_MESSAGE_RETRY_DELAY_SECS", 0.05)
    made = Consumer(broker)
    worker = made.start()
    yield made
    made.gate.set()
    worker.stop()


def test_a_worker_gets_what_was_given(broker: RedisBroker, consumer: Consumer) -> None:
    consumer.gate.set()
    hints = Hints(broker, mark=100)
    given = {lane: [new_id() for _ in range(12)] for lane in Lane}
    for lane, ids in given.items():
        hints.give(lane, ids)
    seen = [consumer.take() for _ in range(4)]
    for lane, ids in given.items():
        assert [text for of_lane, texts in seen if of_lane is lane for text in texts] == [str(one) for one in ids]
    wait_until(lambda: held(broker) == 0, seconds=SECONDS, what="the acknowledgements")


def test_interactive_goes_before_bulk_when_both_wait(broker: RedisBroker, consumer: Consumer) -> None:
    hints = Hints(broker, mark=100)
    hints.give(Lane.BULK, [new_id()])
    assert consumer.take()[0] is Lane.BULK
    hints.give(Lane.BULK, [new_id()])
    wait_until(lambda: hints.room(Lane.BULK) == 100, seconds=SECONDS, what="the worker to hold the bulk hint")
    hints.give(Lane.INTERACTIVE, [new_id()])
    wait_until(lambda: hints.room(Lane.INTERACTIVE) == 100, seconds=SECONDS, what="the worker to hold the other")
    consumer.gate.set()
    assert [consumer.take()[0], consumer.take()[0]] == [Lane.INTERACTIVE, Lane.BULK]


def test_an_acknowledgement_that_a_paused_redis_did_not_answer_is_given_again(
    broker: RedisBroker, consumer: Consumer, redis_server: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    hints = Hints(broker, mark=100)
    hints.give(Lane.BULK, [new_id()])
    consumer.take()
    redis_server.pause()
    consumer.gate.set()
    wait_until(lambda: "post_process_message" in caplog.text, seconds=SECONDS, what="the acknowledgement to time out")
    assert "will be retried" in caplog.text
    redis_server.resume()
    wait_until(lambda: held(broker) == 0, seconds=SECONDS, what="it to be given again")
    hints.give(Lane.BULK, [new_id()])
    consumer.take()


def held(broker: RedisBroker) -> int:
    """Hints that wait or are in a worker's hands."""
    return sum(int(broker.do_qsize(job.queue)) for job in DELIVER.values())
