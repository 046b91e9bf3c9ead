import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import dramatiq
import pytest
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import ConnectionClosed
from redis import Redis as Client

from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_health.backing_service import BackingService
from postroom_jobs.broker import open_broker
from postroom_jobs.hints import Hints
from postroom_jobs.names import DELIVER
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until
from postroom_worker.hint_consumer import HintConsumer
from postroom_worker.hint_worker import HintWorker

SECONDS = 10
BULK, INTERACTIVE = DELIVER[Lane.BULK].queue, DELIVER[Lane.INTERACTIVE].queue


@dataclass
class Consumer:
    """A worker with one thread, which waits at the gate with every hint that it has in hand."""

    broker: RedisBroker
    redis: BackingService
    taken: "queue.Queue[tuple[Lane, list[str]]]" = field(default_factory=queue.Queue)
    left: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        for lane, job in DELIVER.items():
            self._declare(lane, job.actor, job.queue, job.priority)
        self.worker = HintWorker(self.broker, self.redis, {job.queue for job in DELIVER.values()}, threads=1)

    def take(self) -> tuple[Lane, list[str]]:
        return self.taken.get(timeout=SECONDS)

    def stop(self) -> None:
        self.stopping.set()
        self.worker.stop()

    def _declare(self, lane: Lane, actor: str, queue_name: str, priority: int) -> None:
        def run(ids: list[str]) -> None:
            if self.stopping.is_set():
                self.left.extend(ids)
                return
            self.taken.put((lane, ids))
            assert self.gate.wait(SECONDS)

        dramatiq.actor(broker=self.broker, actor_name=actor, queue_name=queue_name, priority=priority)(run)


@pytest.fixture
def redis() -> BackingService:
    return BackingService("redis")


@pytest.fixture
def broker(redis_url: str, redis: BackingService) -> Iterator[RedisBroker]:
    opened = open_broker(redis_url, timeout_seconds=0.5, note=redis.note)
    yield opened
    opened.client.close()


@pytest.fixture
def client(redis_url: str) -> Iterator[Client]:
    with Client.from_url(redis_url, socket_timeout=5, decode_responses=True) as opened:
        yield opened


@pytest.fixture
def consumer(broker: RedisBroker, redis: BackingService) -> Iterator[Consumer]:
    made = Consumer(broker, redis)
    made.worker.start()
    yield made
    made.gate.set()
    if not made.stopping.is_set():
        made.stop()


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


def test_interactive_goes_before_bulk_when_both_are_held(broker: RedisBroker, consumer: Consumer) -> None:
    hints = Hints(broker, mark=100)
    hints.give(Lane.BULK, [new_id()])
    assert consumer.take()[0] is Lane.BULK
    hints.give(Lane.BULK, [new_id()])
    wait_until(lambda: hints.room(Lane.BULK) == 100, seconds=SECONDS, what="the worker to hold the bulk hint")
    hints.give(Lane.INTERACTIVE, [new_id()])
    wait_until(lambda: hints.room(Lane.INTERACTIVE) == 100, seconds=SECONDS, what="the worker to hold the other")
    consumer.gate.set()
    assert [consumer.take()[0], consumer.take()[0]] == [Lane.INTERACTIVE, Lane.BULK]


def test_a_lane_goes_in_its_order_and_bulk_after_all_of_interactive(broker: RedisBroker, redis: BackingService) -> None:
    hints = Hints(broker, mark=1000)
    ids = {lane: [new_id() for _ in range(200)] for lane in Lane}
    for lane in (Lane.BULK, Lane.INTERACTIVE):
        hints.give(lane, ids[lane])
    consumer = Consumer(broker, redis)
    consumer.gate.set()
    consumer.worker.start()
    seen = [text for _ in range(40) for text in consumer.take()[1]]
    consumer.stop()
    assert seen == [str(one) for lane in (Lane.INTERACTIVE, Lane.BULK) for one in ids[lane]]


def test_an_acknowledgement_that_a_paused_redis_did_not_answer_is_given_again(
    broker: RedisBroker, consumer: Consumer, redis: BackingService, redis_server: Redis
) -> None:
    hints = Hints(broker, mark=100)
    hints.give(Lane.BULK, [new_id()])
    consumer.take()
    redis_server.pause()
    consumer.gate.set()
    [bulk] = [thread.hints for thread in consumer.worker._hint_threads if thread.queue_name == BULK]
    wait_until(lambda: bool(bulk._unsettled), seconds=SECONDS, what="the acknowledgement to time out")
    assert not redis.is_up
    redis_server.resume()
    wait_until(lambda: held(broker) == 0, seconds=SECONDS, what="it to be given again")
    hints.give(Lane.BULK, [new_id()])
    consumer.take()


def test_a_hint_that_a_paused_redis_gave_to_a_connection_that_had_gone_is_fetched_again(
    broker: RedisBroker, redis_server: Redis, client: Client
) -> None:
    consumer = HintConsumer(broker, BULK, prefetch=2, after=None, idle_milliseconds=20)
    assert next(consumer) is None
    connection: Any = client.connection_pool.get_connection()
    connection.connect()
    redis_server.pause()
    # Carried out, in this order, when Redis goes on: the hint comes, and is fetched for nobody.
    hint: Any = dramatiq.Message(BULK, DELIVER[Lane.BULK].actor, (["one"],), {}, {"redis_message_id": "hint"})
    connection.send_command("HSET", f"postroom:{BULK}.msgs", "hint", hint.encode())
    connection.send_command("RPUSH", f"postroom:{BULK}", "hint")
    with pytest.raises(ConnectionClosed):
        next(consumer)
    redis_server.resume()
    held_key = f"postroom:__acks__.{broker.broker_id}.{BULK}"
    wait_until(lambda: client.smembers(held_key) == {"hint"}, seconds=SECONDS, what="the fetch to be carried out")
    fetched = next(consumer)
    assert fetched is not None
    assert fetched.args == (["one"],)
    consumer.ack(fetched)
    assert client.smembers(held_key) == set()


def test_what_no_thread_began_is_given_back_in_its_place(
    broker: RedisBroker, consumer: Consumer, client: Client
) -> None:
    hints = Hints(broker, mark=100)
    ids = [new_id() for _ in range(50)]
    hints.give(Lane.BULK, ids)
    assert consumer.take()[1] == [str(one) for one in ids[:10]]
    wait_until(lambda: client.llen(f"postroom:{BULK}") == 3, seconds=SECONDS, what="the worker to hold two hints")
    stopping = threading.Thread(target=consumer.stop)
    stopping.start()
    # At once, though the first is still being worked at.
    wait_until(lambda: client.llen(f"postroom:{BULK}") == 4, seconds=SECONDS, what="the second to be back")
    consumer.gate.set()
    stopping.join(SECONDS)
    assert waiting(client) == [str(one) for one in ids[10:]]
    assert client.keys("postroom:__acks__*") == []
    assert consumer.left == []


def test_what_cannot_be_given_back_is_handed_to_its_actor(
    broker: RedisBroker, consumer: Consumer, client: Client, redis_server: Redis
) -> None:
    ids = [new_id() for _ in range(20)]
    Hints(broker, mark=100).give(Lane.BULK, ids)
    consumer.take()
    wait_until(lambda: client.llen(f"postroom:{BULK}") == 0, seconds=SECONDS, what="the worker to hold both hints")
    redis_server.stop()
    consumer.gate.set()
    consumer.stop()
    taken_or_left = [text for _ in range(consumer.taken.qsize()) for text in consumer.take()[1]] + consumer.left
    assert taken_or_left == [str(one) for one in ids[10:]]


def held(broker: RedisBroker) -> int:
    """Hints that wait or are in a worker's hands."""
    return sum(int(broker.do_qsize(job.queue)) for job in DELIVER.values())


def waiting(client: Client) -> list[str]:
    """The ids of the bulk lane in the order in which they will be fetched."""
    names = client.lrange(f"postroom:{BULK}", 0, -1)
    messages = client.hmget(f"postroom:{BULK}.msgs", names)
    return [text for data in messages for text in dramatiq.Message.decode(str(data).encode()).args[0]]
