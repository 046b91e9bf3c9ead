from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.repositories import deliveries, emails, timelines
from postroom_database.types import Now
from postroom_scheduler.sweeps import queue_due, queue_expired
from postroom_testing.drafts import draft, store


def in_seconds(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def row(database: Database, email_id: UUID) -> Any:
    with database.read() as connection:
        return timelines.email(connection, email_id)


def change(database: Database, email_id: UUID, **values: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == email_id).values(**values))


def test_what_is_due_is_queued_and_nothing_else(database: Database, events: Any) -> None:
    due, later, canceled, plain = (
        draft(scheduled_at=in_seconds(-1), request_id="request-due"),
        draft(scheduled_at=in_seconds(3600)),
        draft(scheduled_at=in_seconds(3600)),
        draft(),
    )
    store(database, due, later, canceled, plain)
    with database.begin() as connection:
        assert emails.cancel(connection, canceled.workspace_id, canceled.id)
    change(database, canceled.id, due_at=Now(-1))
    queue_due(database)
    queue_due(database)
    states = [(row(database, one.id).state, row(database, one.id).last_event) for one in (due, later, canceled, plain)]
    assert states == [
        ("queued", "queued"),
        ("scheduled", "scheduled"),
        ("canceled", "canceled"),
        ("queued", "queued"),
    ]
    assert row(database, due.id).hinted_at is None
    assert events.seen == [
        (
            "email.queued",
            {"request_id": "request-due", "workspace_id": str(due.workspace_id), "email_id": str(due.id)},
        )
    ]


def test_an_email_whose_worker_did_not_come_back_is_queued_again(database: Database, events: Any) -> None:
    lost, held, finished = draft(request_id="request-lost"), draft(), draft()
    store(database, lost, held, finished)
    with database.begin() as connection:
        for one in (lost, held, finished):
            assert deliveries.claim(connection, one.id, lease_seconds=60)
    change(database, lost.id, lease_ends_at=Now(-1))
    change(database, finished.id, state="sent", lease_token=None, lease_ends_at=None)
    queue_expired(database)
    queue_expired(database)
    assert [row(database, one.id).state for one in (lost, held, finished)] == ["queued", "sending", "sent"]
    found = row(database, lost.id)
    assert (found.lease_token, found.lease_ends_at, found.hinted_at, found.attempts) == (None, None, None, 1)
    assert found.reason == "the worker that was sending it stopped"
    assert events.seen == [
        (
            "lease.expired",
            {"request_id": "request-lost", "workspace_id": str(lost.workspace_id), "email_id": str(lost.id)},
        )
    ]


def test_a_sweep_that_fell_behind_catches_up_over_rounds(database: Database, events: Any) -> None:
    store(database, *(draft(scheduled_at=in_seconds(-60)) for _ in range(1100)))
    queue_due(database)
    assert len(events.of("email.queued")) == 1000
    queue_due(database)
    assert len({fields["email_id"] for fields in events.of("email.queued")}) == 1100
