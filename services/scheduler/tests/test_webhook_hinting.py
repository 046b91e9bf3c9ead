import threading
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.models import Webhook
from postroom_database.repositories import timelines
from postroom_database.types import Now
from postroom_domain.lanes import Lane
from postroom_jobs.hints import Hints
from postroom_jobs.names import SLOW_WEBHOOKS, WEBHOOKS
from postroom_scheduler.jobs import Job, guarded
from postroom_scheduler.sweeps import hint_webhooks
from postroom_testing.redis import Redis
from postroom_testing.webhooks import add_webhook

AGE_SECONDS = 60.0


def waiting(database: Database, count: int, **values: Any) -> list[str]:
    """Webhooks with two events each to be told; their ids in order."""
    ids: list[UUID] = []
    for _ in range(count):
        workspace_id = uuid4()
        ids.append(add_webhook(database, workspace_id, **values))
        with database.begin() as connection:
            for _ in range(2):
                timelines.tell(connection, workspace_id, "domain.updated", {"object": "domain"})
    return [str(webhook_id) for webhook_id in ids]


def change(database: Database, **values: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(Webhook).values(**values))


def test_a_webhook_is_hinted_once_into_the_queue_of_its_kind(database: Database, window: Any, events: Any) -> None:
    well, slow = waiting(database, 3), waiting(database, 2, is_slow=True)
    hints = Hints(window.broker, mark=100)
    for _ in range(3):
        hint_webhooks(database, hints, AGE_SECONDS)
        assert (window.ids(WEBHOOKS), window.ids(SLOW_WEBHOOKS)) == (well, slow)
    assert [window.ids(lane) for lane in Lane] == [[], []]
    assert events.seen == [
        ("hints.given", {"queue": "webhooks", "count": 3}),
        ("hints.given", {"queue": "slow_webhooks", "count": 2}),
    ]


def test_redis_holds_no_more_than_the_mark(database: Database, window: Any) -> None:
    ids = waiting(database, 10)
    hints = Hints(window.broker, mark=4)
    for _ in range(2):
        hint_webhooks(database, hints, AGE_SECONDS)
        assert window.ids(WEBHOOKS) == ids[:4]
    assert window.take(2, WEBHOOKS) == ids[:2]
    hint_webhooks(database, hints, AGE_SECONDS)
    assert window.ids(WEBHOOKS) == ids[2:6]


def test_lost_hints_are_given_again_when_they_are_old(database: Database, window: Any, redis_server: Redis) -> None:
    ids = waiting(database, 3)
    hints = Hints(window.broker, mark=100)
    hint_webhooks(database, hints, AGE_SECONDS)
    redis_server.flush()
    hint_webhooks(database, hints, AGE_SECONDS)
    assert window.ids(WEBHOOKS) == []
    change(database, hinted_at=Now(-AGE_SECONDS - 1))
    hint_webhooks(database, hints, AGE_SECONDS)
    assert window.ids(WEBHOOKS) == ids


def test_each_webhook_is_hinted_by_one_of_four_schedulers(database: Database, window: Any) -> None:
    ids = waiting(database, 40)
    hints = Hints(window.broker, mark=1000)
    runs = [guarded(Job("sweep", 1.0, lambda: hint_webhooks(database, hints, AGE_SECONDS))) for _ in range(4)]
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hint_webhooks(database, hints, AGE_SECONDS)
    assert sorted(window.ids(WEBHOOKS)) == sorted(ids)
