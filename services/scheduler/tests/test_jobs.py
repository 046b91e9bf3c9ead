from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from postroom_database.engine import Database
from postroom_database.forgetting import RetentionRules
from postroom_database.models import Email
from postroom_domain.lanes import Lane
from postroom_domain.reputation import Brake
from postroom_domain.suppressions import Origin
from postroom_domain.unknowns import UnknownRules
from postroom_jobs.hints import Hints
from postroom_jobs.names import DELIVER
from postroom_scheduler.brake import BrakeRules
from postroom_scheduler.jobs import Job, guarded, jobs
from postroom_testing.drafts import draft, store
from postroom_testing.redis import Redis


@pytest.fixture
def away() -> Iterator[Database]:
    database = Database("mysql+pymysql://root@127.0.0.1:1/x", pool_size=1, timeout_seconds=1)
    yield database
    database.close()


RULES = UnknownRules(hold=False, max_crashes=3, max_resends=3)
BRAKE = BrakeRules({Origin.BOUNCE: Brake(percent=5, min_volume=1000)}, window_seconds=86_400)
RETENTION = RetentionRules(bodies_days=30, emails_days=90, audit_days=400)


def table(database: Database, window: Any) -> dict[str, Job]:
    made = jobs(
        database,
        Hints(window.broker, mark=100),
        RULES,
        BRAKE,
        RETENTION,
        sweep_seconds=0.5,
        hint_age_seconds=60,
        verified_only=True,
    )
    assert len({job.name for job in made}) == len(made)
    return {job.name: job for job in made}


def test_the_table_says_what_is_done_and_how_often(database: Database, window: Any) -> None:
    assert {name: job.every_seconds for name, job in table(database, window).items()} == {
        "queue_due": 0.5,
        "expire_leases": 0.5,
        "end_unknowns": 0.5,
        "hint_missing": 0.5,
        "hint_alone": 0.5,
        "hint_provider_jobs": 0.5,
        "hint_provider_events": 0.5,
        "hint_webhooks": 0.5,
        "measure_queues": 15,
        "measure_webhooks": 15,
        "measure_hints": 15,
        "fire_slots": 0.5,
        "review_schedules": 3600,
        "brake_workspaces": 60,
        "forget_bodies": 5,
        "forget_captured": 5,
        "forget_emails": 5,
        "forget_other_events": 5,
        "forget_slots": 5,
        "forget_unaccounted_messages": 5,
        "forget_accounted_messages": 5,
        "forget_audit_entries": 5,
        "forget_idempotency_keys": 5,
    }


def test_every_lane_has_a_queue_and_an_actor_of_its_own() -> None:
    assert set(DELIVER) == set(Lane)
    assert len({job.queue for job in DELIVER.values()}) == len({job.actor for job in DELIVER.values()}) == len(Lane)
    assert DELIVER[Lane.INTERACTIVE].priority < DELIVER[Lane.BULK].priority


def test_a_redis_that_is_away_is_told_once_and_so_is_its_return(
    database: Database, window: Any, redis_server: Redis, events: Any
) -> None:
    one = draft()
    store(database, one, hinted=False)
    run = guarded(table(database, window)["hint_missing"])
    redis_server.stop()
    for _ in range(3):
        run()
    redis_server.start()
    for _ in range(3):
        run()
    assert window.ids() == [str(one.id)]
    assert events.seen == [
        ("job.postponed", {"job": "hint_missing", "reason": "Redis does not answer"}),
        ("hints.given", {"lane": "interactive", "count": 1}),
        ("job.resumed", {"job": "hint_missing"}),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "queue_due",
        "expire_leases",
        "end_unknowns",
        "hint_missing",
        "hint_alone",
        "hint_provider_jobs",
        "hint_provider_events",
        "hint_webhooks",
        "measure_queues",
        "measure_webhooks",
        "fire_slots",
        "review_schedules",
        "brake_workspaces",
        "forget_bodies",
        "forget_captured",
        "forget_emails",
        "forget_other_events",
        "forget_slots",
        "forget_unaccounted_messages",
        "forget_accounted_messages",
        "forget_audit_entries",
        "forget_idempotency_keys",
    ],
)
def test_a_database_that_is_away_postpones_every_job(away: Database, window: Any, events: Any, name: str) -> None:
    run = guarded(table(away, window)[name])
    run()
    run()
    assert events.seen == [("job.postponed", {"job": name, "reason": "the database does not answer"})]


def test_rows_that_somebody_else_holds_wait_for_the_next_round(database: Database, window: Any, events: Any) -> None:
    one = draft()
    store(database, one, hinted=False)
    run = guarded(table(database, window)["hint_missing"])
    with database.begin() as connection:
        connection.execute(select(Email.id).where(Email.id == one.id).with_for_update())
        run()
    assert window.ids() == []
    run()
    assert window.ids() == [str(one.id)]
    assert events.names() == ["job.contended", "hints.given"]


def test_a_fault_in_a_job_is_told_once_and_does_not_end_it(events: Any) -> None:
    faults = iter([KeyError("a"), KeyError("b"), ValueError("c"), None])

    def work() -> None:
        if fault := next(faults):
            raise fault

    run = guarded(Job("work", 1.0, work))
    for _ in range(4):
        run()
    assert events.names() == ["job.failed", "job.failed", "job.resumed"]
