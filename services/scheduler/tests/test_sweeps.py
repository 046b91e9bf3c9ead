from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, update

from postroom_database.engine import Database
from postroom_database.models import Email, Recipient
from postroom_database.repositories import deliveries, emails, timelines
from postroom_database.types import Now
from postroom_domain.unknowns import UnknownRules
from postroom_scheduler.sweeps import end_unknowns, expire_leases, queue_due
from postroom_testing.drafts import draft, store

RESEND = UnknownRules(hold=False, max_crashes=3, max_resends=3)
HOLD = UnknownRules(hold=True, max_crashes=3, max_resends=3)


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


def claim(database: Database, *some: Any, settle_seconds: float = 0) -> None:
    with database.begin() as connection:
        for one in some:
            assert deliveries.claim(connection, one.id, lease_seconds=60, settle_seconds=settle_seconds)


def test_nobody_knows_what_came_of_an_email_whose_worker_did_not_come_back(database: Database, events: Any) -> None:
    lost, held, finished = draft(request_id="request-lost"), draft(), draft()
    store(database, lost, held, finished)
    claim(database, lost, held, finished)
    change(database, lost.id, lease_ends_at=Now(-1))
    change(database, finished.id, state="sent", lease_token=None, lease_ends_at=None)
    expire_leases(database)
    expire_leases(database)
    assert [row(database, one.id).state for one in (lost, held, finished)] == ["unknown", "sending", "sent"]
    found = row(database, lost.id)
    assert (found.lease_token, found.lease_ends_at, found.hinted_at, found.attempts) == (None, None, None, 1)
    assert (found.crashes, found.unknowns) == (1, 1)
    assert found.reason == "the worker that was sending it stopped"
    assert events.seen == [
        (
            "lease.expired",
            {"request_id": "request-lost", "workspace_id": str(lost.workspace_id), "email_id": str(lost.id)},
        )
    ]


def test_the_provider_is_given_its_time_from_the_end_of_the_lease(database: Database) -> None:
    one = draft()
    store(database, one)
    claim(database, one, settle_seconds=300)
    found = row(database, one.id)
    assert (found.due_at - found.lease_ends_at).total_seconds() == pytest.approx(300, abs=0.1)
    change(database, one.id, lease_ends_at=Now(-1))
    expire_leases(database)
    end_unknowns(database, RESEND)
    assert row(database, one.id).state == "unknown"
    assert row(database, one.id).due_at == found.due_at


@pytest.mark.parametrize(
    ("rules", "changes", "state", "because", "event"),
    [
        (RESEND, {"unknowns": 1}, "queued", None, "email.resent"),
        (RESEND, {"unknowns": 1, "crashes": 1}, "suspect", None, "email.isolated"),
        (RESEND, {"unknowns": 3, "crashes": 3}, "held", "crashed", "email.held"),
        (RESEND, {"unknowns": 3}, "queued", None, "email.resent"),
        (RESEND, {"unknowns": 4}, "held", "unknown", "email.held"),
        (HOLD, {"unknowns": 1}, "held", "unknown", "email.held"),
        (HOLD, {"unknowns": 1, "crashes": 1}, "held", "unknown", "email.held"),
    ],
)
def test_an_unknown_outcome_ends(
    database: Database,
    events: Any,
    rules: UnknownRules,
    changes: dict[str, int],
    state: str,
    because: str | None,
    event: str,
) -> None:
    one = draft()
    store(database, one)
    change(database, one.id, state="unknown", due_at=Now(-1), reason="why", **changes)
    end_unknowns(database, rules)
    end_unknowns(database, rules)
    found = row(database, one.id)
    assert (found.state, found.held_because, found.last_event, found.hinted_at) == (state, because, "queued", None)
    assert events.names() == [event]
    with database.read() as connection:
        told = [(happened.type, happened.data) for happened in timelines.events(connection, one.id)]
    assert told == ([("email.held", {"because": because, "reason": "why"})] if because else [])


@pytest.mark.parametrize("rules", [RESEND, HOLD])
@pytest.mark.parametrize(
    ("states", "state"),
    [
        (["sent", "delivered"], "sent"),
        (["failed", "failed"], "failed"),
        (["sent"], "held or queued"),
        (["sent", "unknown"], "held or queued"),
    ],
)
def test_what_the_provider_told_of_every_recipient_is_neither_sent_again_nor_held(
    database: Database, rules: UnknownRules, states: list[str], state: str
) -> None:
    one = draft(to=["a@example.com", "B <b@example.com>"])
    store(database, one)
    change(database, one.id, state="unknown", due_at=Now(-1), unknowns=1)
    with database.begin() as connection:
        rows = [
            {"email_id": one.id, "address": address, "state": told}
            for address, told in zip(["a@example.com", "b@example.com"], states, strict=False)
        ]
        connection.execute(insert(Recipient), rows)
    end_unknowns(database, rules)
    waits = "held" if rules.hold else "queued"
    assert row(database, one.id).state == (waits if state == "held or queued" else state)


def test_a_sweep_that_fell_behind_catches_up_over_rounds(database: Database, events: Any) -> None:
    store(database, *(draft(scheduled_at=in_seconds(-60)) for _ in range(1100)))
    queue_due(database)
    assert len(events.of("email.queued")) == 1000
    queue_due(database)
    assert len({fields["email_id"] for fields in events.of("email.queued")}) == 1100
