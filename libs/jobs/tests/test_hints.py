from typing import Any

import pytest
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from redis import Redis

from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_jobs.broker import HintsUnavailable
from postroom_jobs.hints import Hints
from postroom_jobs.names import DELIVER, PROVIDER, Job


def waiting(client: Redis, lane: Lane | Job) -> list[Message[None]]:
    """The hints of a lane or another queue, in the order in which workers will get them."""
    job = lane if isinstance(lane, Job) else DELIVER[lane]
    key = f"postroom:{job.queue}"
    messages: dict[Any, Any] = client.hgetall(f"{key}.msgs")
    return [Message.decode(messages[name]) for name in client.lrange(key, 0, -1)]


@pytest.mark.parametrize("lane", Lane)
def test_a_hint_carries_at_most_ten_ids_of_one_lane(broker: RedisBroker, client: Redis, lane: Lane) -> None:
    ids = [new_id() for _ in range(23)]
    Hints(broker, mark=1000).give(lane, ids)
    [other] = set(Lane) - {lane}
    hints = waiting(client, lane)
    assert [len(hint.args[0]) for hint in hints] == [10, 10, 3]
    assert [text for hint in hints for text in hint.args[0]] == [str(email_id) for email_id in ids]
    assert {hint.actor_name for hint in hints} == {DELIVER[lane].actor}
    assert {hint.queue_name for hint in hints} == {DELIVER[lane].queue}
    assert waiting(client, other) == []


def test_a_provider_job_is_hinted_alone_and_has_a_window_of_its_own(broker: RedisBroker, client: Redis) -> None:
    hints = Hints(broker, mark=25)
    ids = [new_id() for _ in range(3)]
    hints.give_to(PROVIDER, ids)
    assert [hint.args[0] for hint in waiting(client, PROVIDER)] == [[str(job_id)] for job_id in ids]
    assert hints.room_for(PROVIDER) == 22
    assert [hints.room(lane) for lane in Lane] == [25, 25]


def test_no_ids_are_no_hint(broker: RedisBroker, client: Redis) -> None:
    Hints(broker, mark=1000).give(Lane.BULK, [])
    assert client.keys("*") == []


def test_room_shrinks_with_what_waits_and_ends_at_nothing(broker: RedisBroker) -> None:
    hints = Hints(broker, mark=25)
    seen = [hints.room(Lane.BULK)]
    for _ in range(3):
        hints.give(Lane.BULK, [new_id()])
        seen.append(hints.room(Lane.BULK))
    assert seen == [25, 15, 5, 0]
    assert hints.room(Lane.INTERACTIVE) == 25


def test_a_fetch_whose_answer_was_lost_does_not_close_the_window(broker: RedisBroker) -> None:
    hints = Hints(broker, mark=25)
    hints.give(Lane.BULK, [new_id() for _ in range(20)])
    assert len(broker.do_fetch(DELIVER[Lane.BULK].queue, 2)) == 2
    assert hints.room(Lane.BULK) == 25


def test_a_lost_redis_loses_only_hints(broker: RedisBroker, client: Redis) -> None:
    hints = Hints(broker, mark=100)
    hints.give(Lane.BULK, [new_id() for _ in range(30)])
    client.flushall()
    client.script_flush()
    assert hints.room(Lane.BULK) == 100
    ids = [new_id()]
    hints.give(Lane.BULK, ids)
    assert [hint.args[0] for hint in waiting(client, Lane.BULK)] == [[str(ids[0])]]


def test_a_redis_without_memory_refuses_aloud(broker: RedisBroker, client: Redis) -> None:
    hints = Hints(broker, mark=100)
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(HintsUnavailable, match=r"Redis refuses: .*used memory > 'maxmemory'"):
            hints.give(Lane.BULK, [new_id()])
    finally:
        client.config_set("maxmemory", 0)
    hints.give(Lane.BULK, [new_id()])
    assert hints.room(Lane.BULK) == 90


def test_what_workers_will_get_next_is_known(broker: RedisBroker, client: Redis) -> None:
    hints, job = Hints(broker, mark=1000), DELIVER[Lane.BULK]
    assert hints.next_from(job) == []
    ids = [new_id() for _ in range(150)]
    hints.give(Lane.BULK, ids)
    assert hints.next_from(job) == ids[:100]
    broker.do_fetch(job.queue, 12)
    assert hints.next_from(job) == ids[120:]
    client.hdel(f"postroom:{job.queue}.msgs", *client.lrange(f"postroom:{job.queue}", 0, 1))
    assert hints.next_from(job) == ids[140:]
