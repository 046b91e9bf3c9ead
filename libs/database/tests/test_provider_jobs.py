from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from postroom_database.engine import Database
from postroom_database.errors import LeaseLost
from postroom_database.models import ProviderJob
from postroom_database.repositories import provider_jobs
from postroom_database.types import Now
from postroom_domain.provider_jobs import ProviderJobKind, RemovedDomain

WORKSPACE = uuid4()


def add(database: Database, subject: str = "a@example.com") -> UUID:
    with database.begin() as connection:
        return provider_jobs.add(
            connection, ProviderJobKind.UNSUPPRESS, workspace_id=WORKSPACE, subject=subject, request_id="r"
        )


def row(database: Database, job_id: UUID) -> Any:
    with database.read() as connection:
        return connection.execute(select(ProviderJob.__table__).where(ProviderJob.id == job_id)).one_or_none()


def change(database: Database, job_id: UUID, **values: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(ProviderJob).where(ProviderJob.id == job_id).values(**values))


def claim(database: Database, job_id: UUID, lease_seconds: float = 60) -> provider_jobs.ClaimedJob | None:
    with database.begin() as connection:
        return provider_jobs.claim(connection, job_id, lease_seconds=lease_seconds)


def unhinted(database: Database) -> list[UUID]:
    with database.read() as connection:
        return [job.id for job in provider_jobs.missing_hints(connection, older_than_seconds=60, limit=10)]


def test_a_job_is_claimed_by_one_and_finished_by_its_claimer_alone(database: Database) -> None:
    job_id = add(database)
    job = claim(database, job_id)
    assert job is not None
    assert (job.kind, job.subject, job.request_id, job.attempt) == (
        ProviderJobKind.UNSUPPRESS,
        "a@example.com",
        "r",
        1,
    )
    assert claim(database, job_id) is None
    assert row(database, job_id).due_at > datetime.now(UTC) + timedelta(seconds=50)
    change(database, job_id, due_at=Now(-1))
    second = claim(database, job_id)
    assert second is not None
    assert second.attempt == 2
    with pytest.raises(LeaseLost), database.begin() as connection:
        provider_jobs.finish(connection, job)
    with pytest.raises(LeaseLost), database.begin() as connection:
        provider_jobs.postpone(connection, job, seconds=0, went_well=True)
    with database.begin() as connection:
        provider_jobs.finish(connection, second)
    assert row(database, job_id) is None
    assert claim(database, job_id) is None


@pytest.mark.parametrize(("went_well", "attempts"), [(True, 0), (False, 1)])
def test_a_job_that_is_given_back_is_due_later(database: Database, went_well: bool, attempts: int) -> None:  # noqa: FBT001 - a parameter of the test
    job_id = add(database)
    job = claim(database, job_id)
    assert job is not None
    with database.begin() as connection:
        provider_jobs.postpone(connection, job, seconds=30, went_well=went_well)
    found = row(database, job_id)
    assert (found.lease_token, found.hinted_at, found.attempts) == (None, None, attempts)
    assert timedelta(seconds=25) < found.due_at - datetime.now(UTC) < timedelta(seconds=31)
    assert claim(database, job_id) is None


def test_only_due_jobs_without_a_fresh_hint_are_found_and_each_is_hinted_once(database: Database) -> None:
    first, stale, fresh, later, held = (add(database) for _ in range(5))
    change(database, first, due_at=Now(-10))
    change(database, stale, due_at=Now(-5), hinted_at=Now(-61))
    change(database, fresh, hinted_at=Now(-30))
    change(database, later, due_at=Now(60))
    assert claim(database, held) is not None
    assert unhinted(database) == [first, stale]
    with database.begin() as connection:
        found = provider_jobs.missing_hints(connection, older_than_seconds=60, limit=1)
        assert [job.id for job in found] == [first]
        assert [provider_jobs.claim_hint(connection, found[0]) for _ in range(2)] == [True, False]
    assert unhinted(database) == [stale]


def test_a_hint_is_not_claimed_for_a_job_that_a_worker_took_meanwhile(database: Database) -> None:
    job_id = add(database)
    with database.read() as connection:
        [found] = provider_jobs.missing_hints(connection, older_than_seconds=60, limit=10)
    assert claim(database, job_id) is not None
    with database.begin() as connection:
        assert not provider_jobs.claim_hint(connection, found)


def test_a_removal_is_known_until_it_is_done(database: Database) -> None:
    removed = RemovedDomain("example.com", "s1")
    with database.begin() as connection:
        provider_jobs.remove_domain(connection, removed, workspace_id=WORKSPACE, domain_id=uuid4(), request_id="r")
    with database.read() as connection:
        assert provider_jobs.is_removing(connection, removed)
        assert not provider_jobs.is_removing(connection, RemovedDomain("example.com", "s2"))
        job_id = connection.execute(select(ProviderJob.id)).scalar_one()
    job = claim(database, job_id)
    assert job is not None
    with database.begin() as connection:
        provider_jobs.finish(connection, job)
        assert not provider_jobs.is_removing(connection, removed)


def test_there_is_one_job_that_reads_the_quota_and_whoever_asks_has_it_done_at_once(database: Database) -> None:
    def ask() -> None:
        with database.begin() as connection:
            provider_jobs.read_quota(connection)

    ask()
    [job_id] = unhinted(database)
    job = claim(database, job_id)
    assert job is not None
    assert (job.kind, job.attempt) == (ProviderJobKind.READ_QUOTA, 1)
    with pytest.raises(IntegrityError):
        ask()
    with database.begin() as connection:
        provider_jobs.postpone(connection, job, seconds=900, went_well=False)
    assert unhinted(database) == []
    ask()
    assert unhinted(database) == [job_id]
    assert row(database, job_id).attempts == 0
