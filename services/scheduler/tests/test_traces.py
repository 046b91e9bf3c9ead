"""What the scheduler adds to traces."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from postroom_config.tracing import TracingSettings
from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.types import Now
from postroom_scheduler.firing import fire_slots
from postroom_scheduler.sweeps import expire_leases
from postroom_testing.collector import Collector
from postroom_testing.drafts import draft, store
from postroom_testing.schedules import schedule
from postroom_tracing.identity import span_id_of, trace_id_of
from postroom_tracing.traces import TRACES


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as running:
        settings = TracingSettings(endpoint=running.url)
        TRACES.start(settings, service="scheduler", version="1", release="r")
        yield running
        TRACES.stop(5)


def test_an_email_of_a_schedule_begins_a_trace_that_a_worker_finds(database: Database, collector: Collector) -> None:
    schedule(database, behind=timedelta(minutes=1))
    fire_slots(database, verified_only=False)
    TRACES.stop(5)
    with database.read() as connection:
        [email] = connection.execute(select(Email.id, Email.request_id)).all()
    [span] = collector.spans
    assert (span.name, span.parent_id, span.service) == ("slot.fired", "", "postroom-scheduler")
    assert (span.trace_id, span.span_id) == (email.request_id, f"{span_id_of(email.id):016x}")
    assert span.began_at < span.ended_at


def test_a_lease_that_ended_stands_in_the_trace_of_its_email(database: Database, collector: Collector) -> None:
    one = draft(request_id="order-4711")
    store(database, one)
    with database.begin() as connection:
        connection.execute(update(Email).values(state="sending", lease_ends_at=Now(-1)))
    expire_leases(database)
    TRACES.stop(5)
    [span] = collector.spans
    assert (span.name, span.trace_id) == ("lease.expired", f"{trace_id_of('order-4711'):032x}")
    assert span.parent_id == f"{span_id_of(one.id):016x}"
