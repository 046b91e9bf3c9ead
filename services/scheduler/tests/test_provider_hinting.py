import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update

from postroom_database.engine import Database
from postroom_database.models import ProviderJob
from postroom_database.repositories import provider_jobs
from postroom_database.types import Now
from postroom_domain.lanes import Lane
from postroom_domain.provider_jobs import ProviderJobKind
from postroom_jobs.hints import Hints
from postroom_jobs.names import PROVIDER
from postroom_scheduler.jobs import Job, guarded
from postroom_scheduler.sweeps import hint_provider_jobs
from postroom_testing.redis import Redis

AGE_SECONDS = 60.0


def waiting_jobs(database: Database, count: int) -> list[str]:
    """Note jobs in another order than they fell due; their ids in order of due time."""
    with database.begin() as connection:
        ids = [
            provider_jobs.add(
                connection, ProviderJobKind.UNSUPPRESS, workspace_id=uuid4(), subject="a@example.com", request_id="r"
            )
            for _ in range(count)
        ][::-1]
        now = connection.execute(select(Now())).scalar_one()
        for place, job_id in enumerate(ids):
            due_at = now - timedelta(seconds=count - place)
            connection.execute(update(ProviderJob).where(ProviderJob.id == job_id).values(due_at=due_at))
    return [str(job_id) for job_id in ids]


def test_redis_never_holds_more_than_the_mark_however_long_no_worker_runs(
    database: Database, window: Any, events: Any
) -> None:
    ids = waiting_jobs(database, 120)
    hints = Hints(window.broker, mark=50)
    for _ in range(3):
        hint_provider_jobs(database, hints, AGE_SECONDS)
        assert window.ids(PROVIDER) == ids[:50]
    for _ in range(3):
        with database.begin() as connection:
            connection.execute(update(ProviderJob).values(hinted_at=Now(-AGE_SECONDS - 1)))
        hint_provider_jobs(database, hints, AGE_SECONDS)
        assert window.ids(PROVIDER) == ids[:50]
    assert [window.ids(lane) for lane in Lane] == [[], []]
    assert events.seen == [("hints.given", {"queue": "provider", "count": 50})]


def test_the_window_is_topped_up_in_order_of_due_time(database: Database, window: Any) -> None:
    ids = waiting_jobs(database, 20)
    hints = Hints(window.broker, mark=5)
    hint_provider_jobs(database, hints, AGE_SECONDS)
    assert window.take(2, PROVIDER) == ids[:2]
    hint_provider_jobs(database, hints, AGE_SECONDS)
    assert window.ids(PROVIDER) == ids[2:7]


def test_lost_hints_are_given_again_when_they_are_old(database: Database, window: Any, redis_server: Redis) -> None:
    ids = waiting_jobs(database, 3)
    hints = Hints(window.broker, mark=100)
    hint_provider_jobs(database, hints, AGE_SECONDS)
    redis_server.flush()
    hint_provider_jobs(database, hints, AGE_SECONDS)
    assert window.ids(PROVIDER) == []
    with database.begin() as connection:
        connection.execute(update(ProviderJob).values(hinted_at=Now(-AGE_SECONDS - 1)))
    hint_provider_jobs(database, hints, AGE_SECONDS)
    assert window.ids(PROVIDER) == ids


def test_each_job_is_hinted_by_one_of_four_schedulers(database: Database, window: Any) -> None:
    ids = waiting_jobs(database, 200)
    hints = Hints(window.broker, mark=10_000)
    runs = [guarded(Job("sweep", 1.0, lambda: hint_provider_jobs(database, hints, AGE_SECONDS))) for _ in range(4)]
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hint_provider_jobs(database, hints, AGE_SECONDS)
    assert sorted(window.ids(PROVIDER)) == sorted(ids)
