from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.errors import LeaseLost
from postroom_database.models import Email
from postroom_database.repositories import deliveries, sweeps, timelines
from postroom_database.repositories.deliveries import Claim, Outcome, RecipientOutcome
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_domain.states import State
from postroom_domain.unknowns import UnknownRules
from postroom_testing.drafts import Bytes, attachment, draft, store


def claim(database: Database, email_id: UUID, lease_seconds: float = 60) -> Claim | None:
    with database.begin() as connection:
        return deliveries.claim(connection, email_id, lease_seconds=lease_seconds)


def won(database: Database, email_id: UUID, lease_seconds: float = 60) -> Claim:
    found = claim(database, email_id, lease_seconds)
    assert found is not None
    return found


def end_lease(database: Database, email_id: UUID) -> None:
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == email_id).values(lease_ends_at=Now(-1)))


def make_due(database: Database, email_id: UUID) -> None:
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == email_id).values(due_at=Now(-1)))


RESEND = UnknownRules(hold=False, max_crashes=3, max_resends=3)
SENT = Outcome(State.SENT, State.SENT, message_id="m-1", recipients=(RecipientOutcome("to@example.com", State.SENT),))


def test_a_claim_holds_what_sending_needs(database: Database) -> None:
    one = draft(cc=["c@example.com"], headers={"X-A": "b"}, attachments=(attachment(Bytes(b"x"), content_id="logo"),))
    store(database, one)
    found = won(database, one.id)
    assert (found.email_id, found.workspace_id, found.attempt) == (one.id, one.workspace_id, 1)
    assert (found.to, found.cc, found.bcc, found.headers) == (one.to, one.cc, [], one.headers)
    assert [(a.part, a.filename, a.content_id, a.path) for a in found.attachments] == [(2, "a.bin", "logo", None)]
    assert 0 <= found.age_seconds < 5
    assert found.request_id == one.request_id


def test_an_email_is_claimed_once(database: Database) -> None:
    one = draft()
    store(database, one)
    won(database, one.id)
    assert claim(database, one.id) is None
    assert claim(database, new_id()) is None


def test_what_is_not_due_is_not_claimed(database: Database) -> None:
    one = draft(scheduled_at=datetime.now(UTC) + timedelta(minutes=5))
    store(database, one)
    assert claim(database, one.id) is None


def test_an_outcome_is_written_whole(database: Database) -> None:
    one = draft()
    store(database, one)
    with database.begin() as connection:
        outcome = Outcome(
            State.SENT,
            State.DELIVERED,
            message_id="m-1",
            recipients=(RecipientOutcome("to@example.com", State.DELIVERED),),
            events=(NewEvent("email.sent"), NewEvent("email.delivered", "to@example.com", {"a": 1})),
        )
        deliveries.finish(connection, deliveries.claim(connection, one.id, lease_seconds=60), outcome)  # type: ignore[arg-type]  # it is there
    with database.read() as connection:
        row = timelines.email(connection, one.id)
        assert row is not None
        assert (row.state, row.last_event, row.message_id, row.lease_token) == (
            "sent",
            "delivered",
            "m-1",
            None,
        )
        assert [(e.type, e.address, e.data) for e in timelines.events(connection, one.id)] == [
            ("email.sent", None, None),
            ("email.delivered", "to@example.com", {"a": 1}),
        ]
        assert [(r.address, r.state) for r in timelines.recipients(connection, one.id)] == [
            ("to@example.com", "delivered")
        ]
    assert claim(database, one.id) is None


def test_a_retry_waits_for_its_time_and_settled_recipients_are_known(database: Database) -> None:
    one = draft(to=["a@example.com", "b@example.com"])
    store(database, one)
    outcome = Outcome(
        State.QUEUED,
        State.SENT,
        reason="451 later",
        retry_in_seconds=0.3,
        recipients=(
            RecipientOutcome("a@example.com", State.SENT),
            RecipientOutcome("b@example.com", State.QUEUED, "451 later"),
        ),
    )
    with database.begin() as connection:
        deliveries.finish(connection, deliveries.claim(connection, one.id, lease_seconds=60), outcome)  # type: ignore[arg-type]  # it is there
    assert claim(database, one.id) is None
    make_due(database, one.id)
    again = won(database, one.id)
    assert (again.attempt, again.settled, again.last_event) == (2, {"a@example.com": State.SENT}, State.SENT)
    assert again.recipients == ("b@example.com",)
    with database.begin() as connection:
        deliveries.finish(
            connection,
            again,
            Outcome(State.SENT, State.SENT, recipients=(RecipientOutcome("b@example.com", State.SENT),)),
        )
        assert [(r.address, r.state) for r in timelines.recipients(connection, one.id)] == [
            ("a@example.com", "sent"),
            ("b@example.com", "sent"),
        ]


def test_a_lost_lease_writes_nothing(database: Database) -> None:
    one = draft()
    store(database, one)
    first = won(database, one.id)
    end_lease(database, one.id)
    with database.begin() as connection:
        assert sweeps.expire(connection, one.id)
        assert sweeps.end_unknown(connection, one.id, RESEND) is None, "the provider has time to tell"
    make_due(database, one.id)
    with database.begin() as connection:
        assert sweeps.end_unknown(connection, one.id, RESEND) == (State.SUSPECT, None)
    assert claim(database, one.id) is None, "nobody claims it in company"
    with database.begin() as connection:
        second = deliveries.claim(connection, one.id, lease_seconds=60, alone=True)
    assert second is not None
    with pytest.raises(LeaseLost), database.begin() as connection:
        deliveries.finish(connection, first, SENT)
    with database.begin() as connection:
        deliveries.finish(connection, second, SENT)
        assert len(timelines.recipients(connection, one.id)) == 1


def test_sweeps_find_what_is_due_left_or_unhinted_and_hand_each_out_once(database: Database) -> None:
    due = draft(scheduled_at=datetime.now(UTC) - timedelta(seconds=1))
    later = draft(scheduled_at=datetime.now(UTC) + timedelta(hours=1))
    unhinted, hinted, held = draft(), draft(lane=Lane.BULK), draft()
    store(database, due, later, held)
    store(database, unhinted, hinted=False)
    store(database, hinted)
    won(database, held.id)
    end_lease(database, held.id)
    with database.begin() as connection:
        assert [swept.email_id for swept in sweeps.due_scheduled(connection, 10)] == [due.id]
        assert sweeps.queue_scheduled(connection, due.id)
        assert not sweeps.queue_scheduled(connection, due.id)
        assert not sweeps.queue_scheduled(connection, later.id)
        assert [swept.email_id for swept in sweeps.expired_leases(connection, 10)] == [held.id]
        assert sweeps.expire(connection, held.id)
        assert not sweeps.expire(connection, held.id)
    with database.begin() as connection:
        missing = sweeps.missing_hints(connection, Lane.INTERACTIVE, older_than_seconds=60, limit=10)
        assert {found.id for found in missing} == {due.id, unhinted.id}
        assert missing[0].id == due.id, "the longest due comes first"
        assert sweeps.missing_hints(connection, Lane.BULK, older_than_seconds=60, limit=10) == []
        assert [found.id for found in sweeps.missing_hints(connection, Lane.BULK, older_than_seconds=-1, limit=10)] == [
            hinted.id
        ]
        assert all(sweeps.claim_hint(connection, found) for found in missing)
    with database.begin() as connection:
        assert not any(sweeps.claim_hint(connection, found) for found in missing)
        assert sweeps.missing_hints(connection, Lane.INTERACTIVE, older_than_seconds=60, limit=10) == []
