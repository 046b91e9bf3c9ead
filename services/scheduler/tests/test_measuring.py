"""What the scheduler measures, read as Prometheus would read it."""

import time
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.models import Email
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_jobs.broker import HintsUnavailable
from postroom_jobs.hints import Hints
from postroom_jobs.names import WEBHOOKS
from postroom_scheduler.jobs import Job, guarded
from postroom_scheduler.measuring import measure_hints, measure_queues, measure_webhooks
from postroom_testing.drafts import draft, store
from postroom_testing.redis import Redis
from postroom_testing.webhooks import add_webhook


def value(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(name, labels)
    assert found is not None, (name, labels)
    return found


def test_age_and_depth_of_each_lane(database: Database) -> None:
    store(database, *[draft(lane=Lane.BULK) for _ in range(3)], draft(lane=Lane.INTERACTIVE, scheduled_at=None))
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.lane == Lane.BULK.value).values(due_at=Now(-70)))
    measure_queues(database)
    assert value("postroom_queue_oldest_seconds", lane="bulk") == pytest.approx(70, abs=20)
    assert value("postroom_queue_oldest_seconds", lane="interactive") < 20
    assert value("postroom_queue_depth", lane="bulk", state="due") == 3
    assert value("postroom_queue_depth", lane="bulk", state="put_off") == 0
    with database.begin() as connection:
        connection.execute(update(Email).values(state="sent"))
    measure_queues(database)
    assert value("postroom_queue_oldest_seconds", lane="bulk") == 0
    assert value("postroom_queue_depth", lane="bulk", state="due") == 0


def test_hints_of_each_queue(window: Any, redis_server: Redis) -> None:
    hints = Hints(window.broker, mark=100)
    hints.give(Lane.BULK, [new_id() for _ in range(25)])
    hints.give_to(WEBHOOKS, [new_id()])
    measure_hints(hints)
    waiting = {
        queue: value("postroom_hints_waiting", queue=queue)
        for queue in ("interactive", "bulk", "alone", "provider", "provider_events", "webhooks", "slow_webhooks")
    }
    assert waiting == dict.fromkeys(waiting, 0) | {"bulk": 3, "webhooks": 1}
    redis_server.stop()
    with pytest.raises(HintsUnavailable):
        measure_hints(hints)


def test_webhooks_as_they_stand(database: Database) -> None:
    add_webhook(database, uuid4())
    add_webhook(database, uuid4(), status="disabled")
    measure_webhooks(database)
    assert value("postroom_webhooks", state="healthy") == 1
    assert value("postroom_webhooks", state="disabled") == 1
    assert value("postroom_webhooks", state="failing") == 0
    assert value("postroom_webhook_oldest_seconds", queue="webhooks") == 0


def test_a_job_tells_when_it_last_succeeded_and_how_late_it_was() -> None:
    outcomes: list[Exception | None] = [None, DatabaseUnavailable("away"), KeyError("fault"), None]

    def work() -> None:
        if problem := outcomes.pop(0):
            raise problem

    began = time.time()
    run = guarded(Job("of_the_test", 0.1, work))
    # That it started is no success: one that starts again and again would seem well.
    assert value("postroom_task_last_success_timestamp_seconds", task="of_the_test") == 0
    run()
    succeeded = value("postroom_task_last_success_timestamp_seconds", task="of_the_test")
    assert succeeded >= began
    time.sleep(0.6)
    run()
    run()
    assert value("postroom_task_last_success_timestamp_seconds", task="of_the_test") == succeeded
    run()
    assert value("postroom_task_last_success_timestamp_seconds", task="of_the_test") > succeeded
    runs = {
        outcome: value("postroom_task_runs_total", task="of_the_test", outcome=outcome)
        for outcome in ("succeeded", "contended", "postponed", "failed")
    }
    assert runs == {"succeeded": 2, "contended": 0, "postponed": 1, "failed": 1}
    assert value("postroom_task_seconds_count", task="of_the_test") == 4
    assert value("postroom_task_lateness_seconds_count", task="of_the_test") == 3
    assert value("postroom_task_lateness_seconds_sum", task="of_the_test") >= 0.5
    assert value("postroom_task_interval_seconds", task="of_the_test") == 0.1
