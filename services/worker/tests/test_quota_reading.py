from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from loguru import logger
from sqlalchemy import select, update

from postroom_database.engine import Database
from postroom_database.models import ProviderJob
from postroom_database.repositories import provider_jobs, quotas
from postroom_database.types import Now
from postroom_domain.quotas import UNLIMITED, Quota
from postroom_domain.sealing import Seal
from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import Behaviour
from postroom_transport.factory import open_provider
from postroom_transport.provider import Provider
from postroom_worker.domain_look import DomainLook
from postroom_worker.provider_work import ProviderWork


@pytest.fixture
def provider(ses: SesServer) -> Iterator[Provider]:
    opened = open_provider(ses.mail_url(), timeout_seconds=1)
    assert opened is not None
    yield opened
    opened.close()


@pytest.fixture
def heard() -> Iterator[list[tuple[str, str, Any]]]:
    seen: list[tuple[str, str, Any]] = []
    sink = logger.add(
        lambda message: seen.append((message.record["level"].name, message.record["message"], message.record["extra"]))
    )
    yield seen
    logger.remove(sink)


def ask(database: Database) -> UUID:
    with database.begin() as connection:
        provider_jobs.read_quota(connection)
        return connection.execute(select(ProviderJob.id)).scalar_one()


def work(database: Database, provider: Provider | None, job_id: UUID) -> None:
    with database.begin() as connection:
        connection.execute(update(ProviderJob).values(due_at=Now(-1)))
    look = DomainLook(database, provider, Seal(("a secret of the tests, long enough to be one",), "dkim"))
    ProviderWork(database, provider, look, 30.0).work(job_id)


def due_in_seconds(database: Database) -> float:
    with database.read() as connection:
        due_at: datetime = connection.execute(select(ProviderJob.due_at)).scalar_one()
    return (due_at - datetime.now(UTC)).total_seconds()


def stored(database: Database) -> Quota | None:
    with database.read() as connection:
        reading = quotas.read(connection)
    return None if reading is None else reading.quota


def test_the_quota_is_read_again_and_again_and_told_when_it_changes(
    database: Database, ses: SesServer, provider: Provider, heard: list[tuple[str, str, Any]]
) -> None:
    job_id = ask(database)
    for _ in range(2):
        work(database, provider, job_id)
        assert stored(database) == Quota(14.0, 50_000.0, 0.0, sending_enabled=True)
        assert 50 < due_in_seconds(database) < 61
    ses.max_send_rate, ses.max_24_hour_send, ses.sending_enabled = 90.0, UNLIMITED, False
    work(database, provider, job_id)
    assert stored(database) == Quota(90.0, UNLIMITED, 0.0, sending_enabled=False)
    told = [(level, extra["per_second"]) for level, name, extra in heard if name == "quota.read"]
    assert told == [("INFO", 14.0), ("WARNING", 90.0)]


@pytest.mark.parametrize("trouble", [Behaviour.FAIL, Behaviour.THROTTLE, Behaviour.REJECT, Behaviour.HANG])
def test_a_provider_that_does_not_say_is_asked_again_and_what_it_said_last_stays(
    database: Database, ses: SesServer, provider: Provider, trouble: Behaviour
) -> None:
    job_id = ask(database)
    work(database, provider, job_id)
    ses.script_managing(trouble)
    work(database, provider, job_id)
    assert due_in_seconds(database) < 5
    assert stored(database) == Quota(14.0, 50_000.0, 0.0, sending_enabled=True)
    work(database, provider, job_id)
    assert due_in_seconds(database) > 50


def test_a_transport_without_a_quota_reads_none(database: Database) -> None:
    work(database, None, ask(database))
    assert stored(database) is None
    with database.read() as connection:
        assert connection.execute(select(ProviderJob.id)).all() == []
