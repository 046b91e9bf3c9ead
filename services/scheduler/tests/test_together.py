import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.types import Now
from postroom_jobs.hints import Hints
from postroom_scheduler.jobs import Job, guarded
from postroom_scheduler.sweeps import expire_leases, hint_missing, queue_due
from postroom_testing.drafts import draft, store

SCHEDULERS = 4
EMAILS = 400


def sweep_together(run: Callable[[], None], *, until: Callable[[], bool]) -> None:
    """Let four schedulers sweep at once, round after round."""
    together = threading.Barrier(SCHEDULERS)

    def schedule() -> None:
        job = guarded(Job("sweep", 1.0, run))
        for _ in range(20):
            together.wait(timeout=30)
            job()
            together.wait(timeout=30)
            if until():
                return

    threads = [threading.Thread(target=schedule) for _ in range(SCHEDULERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_each_due_email_is_queued_by_one_of_four_schedulers(database: Database, events: Any) -> None:
    past = datetime.now(UTC) - timedelta(seconds=10)
    ids = {str(one.id) for one in stored(database, scheduled_at=past)}
    sweep_together(lambda: queue_due(database), until=lambda: len(events.of("email.queued")) >= EMAILS)
    assert sorted(fields["email_id"] for fields in events.of("email.queued")) == sorted(ids)
    assert events.of("job.failed") == []


def test_each_expired_lease_is_swept_by_one_of_four_schedulers(database: Database, events: Any) -> None:
    ids = {str(one.id) for one in stored(database)}
    with database.begin() as connection:
        connection.execute(update(Email).values(state="sending", lease_ends_at=Now(-1)))
    sweep_together(lambda: expire_leases(database), until=lambda: len(events.of("lease.expired")) >= EMAILS)
    assert sorted(fields["email_id"] for fields in events.of("lease.expired")) == sorted(ids)
    assert events.of("job.failed") == []


def test_each_email_is_hinted_by_one_of_four_schedulers(database: Database, window: Any, events: Any) -> None:
    ids = {str(one.id) for one in stored(database)}
    hints = Hints(window.broker, mark=100_000)
    sweep_together(lambda: hint_missing(database, hints, 60.0), until=lambda: len(window.ids()) >= EMAILS)
    assert sorted(window.ids()) == sorted(ids)
    assert events.of("job.failed") == []


def stored(database: Database, **changes: Any) -> list[Any]:
    drafts = [draft(**changes) for _ in range(EMAILS)]
    store(database, *drafts, hinted=False)
    return drafts
