import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, func, insert, select, text, update

from postroom_database.engine import Database
from postroom_database.models import (
    Attachment,
    AuditEntry,
    Base,
    ContentChunk,
    Email,
    Event,
    IdempotencyKey,
    InboxChunk,
    InboxMessage,
    ProviderMessage,
    Recipient,
    RetentionMark,
    Schedule,
    ScheduleSlot,
    WebhookAttempt,
    WebhookDelivery,
)
from postroom_database.repositories import (
    audit,
    contents,
    deliveries,
    emails,
    held,
    interventions,
    retention,
    settlements,
    timelines,
)
from postroom_database.repositories.retention import PARTS, Forgotten
from postroom_database.repositories.timelines import NewEvent
from postroom_database.types import Now
from postroom_domain.ids import first_id, new_id
from postroom_domain.lanes import Lane
from postroom_domain.reports import Happening, Report
from postroom_domain.states import ENDS, State
from postroom_testing.drafts import Bytes, attachment, draft, store
from postroom_testing.server import wait_until

DAY = 86_400.0
BULK_SENT = (State.SENT, Lane.BULK)


def ended(database: Database, days_ago: float, state: str = "sent", *, lane: Lane = Lane.BULK, **changes: Any) -> UUID:
    """An email with all that can belong to one."""
    one = draft(lane=lane, html=Bytes(b"html"), attachments=(attachment(Bytes(b"bytes")),), **changes)
    store(database, one)
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == one.id).values(state=state, due_at=Now(-days_ago * DAY)))
        connection.execute(insert(Recipient), [{"email_id": one.id, "address": "to@example.com", "state": "sent"}])
        timelines.append(connection, one.workspace_id, one.id, [NewEvent("email.sent")])
        tell(connection, connection.execute(select(Event.id).where(Event.email_id == one.id)).scalar_one())
    return one.id


def tell(connection: Any, event_id: UUID) -> None:
    """Have a webhook been told of it."""
    row = {"id": new_id(), "workspace_id": uuid4(), "webhook_id": uuid4(), "event_id": event_id, "type": "t"}
    connection.execute(insert(WebhookDelivery), [row | {"state": "success"}])
    connection.execute(insert(WebhookAttempt), [{"id": new_id(), "delivery_id": row["id"], "took_milliseconds": 1}])


def run(database: Database, batch: Callable[..., Forgotten], **changes: Any) -> int:
    """Take batches until there are no more."""
    count = 0
    for _ in range(100):
        with database.begin() as connection:
            done = batch(connection, **({"limit": 10} | changes))
        count += done.count
        if not done.more:
            return count
    raise AssertionError("it never ends")


def run_parts(database: Database, batch: Callable[..., Forgotten], days: float, **changes: Any) -> int:
    return sum(run(database, partial(batch, part=part), age_seconds=days * DAY, **changes) for part in PARTS)


def count(database: Database, model: type[Base]) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(model)).scalar_one()


def ids(database: Database, column: Any) -> set[UUID]:
    with database.read() as connection:
        return set(connection.execute(select(column)).scalars())


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("state", ENDS)
def test_the_bodies_of_old_mail_are_forgotten_and_nothing_else_of_it(
    database: Database, state: State, lane: Lane
) -> None:
    old, young = ended(database, 31, state, lane=lane), ended(database, 29, state, lane=lane)
    assert run_parts(database, retention.bodies, 30) == 3
    with database.read() as connection:
        assert contents.load_all(connection, old, [2]) == {0: None, 1: None, 2: None}
        assert contents.load_all(connection, young, [2]) == {0: b"text", 1: b"html", 2: b"bytes"}
    assert ids(database, Attachment.email_id) == {young}
    assert ids(database, Email.id) == ids(database, Recipient.email_id) == ids(database, Event.email_id) == {old, young}
    assert count(database, WebhookAttempt) == 2


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize("state", ENDS)
def test_old_mail_is_forgotten_with_all_that_belongs_to_it(database: Database, state: State, lane: Lane) -> None:
    ended(database, 91, state, lane=lane)
    young = ended(database, 89, state, lane=lane)
    assert run_parts(database, retention.emails, 90) == 1
    for column in (Email.id, Attachment.email_id, ContentChunk.email_id, Recipient.email_id, Event.email_id):
        assert ids(database, column) == {young}
    assert ids(database, WebhookDelivery.event_id) == ids(database, Event.id)
    assert ids(database, WebhookAttempt.delivery_id) == ids(database, WebhookDelivery.id)


def test_mail_that_is_still_to_be_sent_is_kept_whatever_its_age(database: Database) -> None:
    waits = ("scheduled", "queued", "sending", "unknown", "suspect", "held")
    kept = {ended(database, 4000, state) for state in waits}
    run_parts(database, retention.bodies, 1)
    run_parts(database, retention.emails, 1)
    assert ids(database, Email.id) == ids(database, ContentChunk.email_id) == ids(database, Event.email_id) == kept


def test_many_are_taken_in_batches_each_once(database: Database) -> None:
    for number in range(25):
        ended(database, 100 - number)
    with database.begin() as connection:
        first = retention.bodies(connection, BULK_SENT, age_seconds=30 * DAY, limit=10)
        assert (first, contents_left(connection)) == (Forgotten(30, more=True), 15)
    assert run_parts(database, retention.bodies, 30) == 45
    assert run_parts(database, retention.bodies, 30) == 0
    with database.begin() as connection:
        assert retention.emails(connection, BULK_SENT, age_seconds=30 * DAY, limit=10) == Forgotten(10, more=True)
    assert run_parts(database, retention.emails, 30) == 15


def contents_left(connection: Any) -> int:
    return len(set(connection.execute(select(ContentChunk.email_id)).scalars()))


def test_what_ended_at_one_moment_is_taken_whole(database: Database) -> None:
    moment = datetime.now(UTC) - timedelta(days=50)
    for days in (60, 59, *[55] * 5, 40):
        ended(database, days)
    with database.begin() as connection:
        connection.execute(
            update(Email).where(Email.due_at.between(Now(-56 * DAY), Now(-54 * DAY))).values(due_at=moment)
        )
    assert run_parts(database, retention.bodies, 30, limit=3) == 24
    assert count(database, ContentChunk) == 0


def test_one_transaction_takes_no_more_of_bodies_than_is_soon_done(database: Database) -> None:
    for _ in range(3):
        ended(database, 31, text=Bytes(b"x" * 60, piece=1))
    with database.begin() as connection:
        assert retention.bodies(connection, BULK_SENT, age_seconds=30 * DAY, limit=10) == Forgotten(62, more=True)
        assert contents_left(connection) == 2
        assert retention.emails(connection, BULK_SENT, age_seconds=30 * DAY, limit=10) == Forgotten(2, more=True)
    assert run_parts(database, retention.bodies, 30) == 62


def test_ages_count_from_the_end_of_an_email(database: Database) -> None:
    """The time at which it ended, not at which it was first due."""
    canceled, discarded, told = draft(scheduled_at=datetime.now(UTC) + timedelta(days=9)), draft(), draft()
    store(database, canceled, discarded, told)
    with database.begin() as connection:
        long_ago = update(Email).where(Email.id.in_([discarded.id, told.id])).values(due_at=Now(-100 * DAY))
        connection.execute(long_ago)
        connection.execute(update(Email).where(Email.id == discarded.id).values(state="held"))
        connection.execute(update(Email).where(Email.id == told.id).values(state="unknown"))
        emails.cancel(connection, canceled.workspace_id, canceled.id)
        held.discard(connection, discarded.id)
        report = Report(told.id, "message", State.DELIVERED, (Happening("to@example.com"),))
        settlements.account(connection, report)
        ages = connection.execute(select(Email.state, Email.due_at.between(Now(-60), Now(1)))).all()
    assert {tuple(row) for row in ages} == {("canceled", 1), ("failed", 1), ("sent", 1)}


def test_a_worker_does_not_put_off_the_age(database: Database) -> None:
    one = draft()
    store(database, one)
    with database.begin() as connection:
        claim = deliveries.claim(connection, one.id, lease_seconds=60)
        assert claim is not None
        deliveries.finish(connection, claim, deliveries.Outcome(State.SENT, State.SENT))
        ends = connection.execute(select(Email.state, Email.due_at <= Now(61))).one()
    assert tuple(ends) == ("sent", 1)


def test_events_of_no_email_end_by_themselves(database: Database) -> None:
    old, young, of_mail = (
        new_event(database, days, email_id) for days, email_id in ((91, None), (89, None), (91, uuid4()))
    )
    assert run(database, retention.other_events, age_seconds=90 * DAY) == 1
    assert ids(database, Event.id) == ids(database, WebhookDelivery.event_id) == {young, of_mail}
    assert old not in ids(database, Event.id)
    assert count(database, WebhookAttempt) == 2


def new_event(database: Database, days_ago: float, email_id: UUID | None) -> UUID:
    event_id = id_of(days_ago)
    with database.begin() as connection:
        row = {"id": event_id, "workspace_id": uuid4(), "email_id": email_id, "type": "domain.created"}
        connection.execute(insert(Event), [row])
        tell(connection, event_id)
    return event_id


def id_of(days_ago: float) -> UUID:
    """An id as one that was made then."""
    return UUID(int=first_id(datetime.now(UTC) - timedelta(days=days_ago)).int + 5)


def test_old_entries_of_the_audit_are_forgotten(database: Database) -> None:
    with database.begin() as connection:
        audit.note(connection, uuid4(), audit.OPERATOR, "domain.created")
    young = ids(database, AuditEntry.id)
    with database.begin() as connection:
        for days in (401, 402):
            row = {"id": id_of(days), "workspace_id": uuid4(), "actor": "key", "action": "domain.created"}
            connection.execute(insert(AuditEntry), [row])
    assert run(database, retention.audit_entries, age_seconds=400 * DAY) == 2
    assert ids(database, AuditEntry.id) == young


def test_old_captured_messages_are_forgotten(database: Database) -> None:
    old, young = id_of(31), id_of(29)
    with database.begin() as connection:
        for message_id in (old, young):
            row = {"id": message_id, "email_id": uuid4(), "sender": "s", "recipients": [], "subject": "s", "size": 1}
            connection.execute(insert(InboxMessage), [row])
            connection.execute(insert(InboxChunk), [{"message_id": message_id, "seq": 0, "data": b"x"}])
    assert run(database, retention.captured, age_seconds=30 * DAY) == 1
    assert ids(database, InboxMessage.id) == ids(database, InboxChunk.message_id) == {young}


def test_keys_that_hold_no_more_are_forgotten(database: Database) -> None:
    with database.begin() as connection:
        for number, hours in enumerate((23, *[25] * 15)):
            name = {"workspace_id": uuid4(), "endpoint": "emails", "key_hash": bytes([number]) * 32}
            row = name | {"fingerprint": bytes(32), "answer": b"{}"}
            connection.execute(insert(IdempotencyKey), [row])
            mine = IdempotencyKey.workspace_id == name["workspace_id"]
            connection.execute(update(IdempotencyKey).where(mine).values(created_at=Now(-hours * 3600)))
    assert run(database, retention.idempotency_keys) == 15
    with database.read() as connection:
        assert bytes(connection.execute(select(IdempotencyKey.key_hash)).scalar_one()) == bytes(32)


def test_messages_of_the_provider_end_and_those_that_match_no_email_later(database: Database) -> None:
    with database.begin() as connection:
        for name, result, days, waits in (
            ("accounted", "accounted", 16, False),
            ("repeated", "repeated", 16, False),
            ("of before there were jobs", None, 16, False),
            ("young", "accounted", 14, False),
            ("waits", None, 16, True),
            ("tried again", "accounted", 16, True),
            ("unmatched", "unmatched", 16, False),
            ("old and unmatched", "unmatched", 91, False),
        ):
            connection.execute(insert(ProviderMessage), [{"id": name, "result": result}])
            values = {"received_at": Now(-days * DAY), "due_at": Now() if waits else None}
            connection.execute(update(ProviderMessage).where(ProviderMessage.id == name).values(values))
    assert run(database, retention.accounted_messages, age_seconds=15 * DAY) == 3
    assert run(database, retention.unaccounted_messages, age_seconds=90 * DAY) == 1
    assert ids(database, ProviderMessage.id) == {"young", "waits", "tried again", "unmatched"}


def test_a_slot_is_forgotten_once_its_schedule_has_left_it_behind(database: Database) -> None:
    behind, ahead, paused, gone = (uuid4() for _ in range(4))
    with database.begin() as connection:
        for schedule_id, next_days in ((behind, 100), (ahead, -1), (paused, None)):
            connection.execute(
                insert(Schedule),
                [
                    {
                        "id": schedule_id,
                        "workspace_id": uuid4(),
                        "name": "n",
                        "cron": "* * * * *",
                        "timezone": "UTC",
                        "email": {},
                        "catch_up": "all",
                        "catch_up_limit": 5,
                        "status": "active",
                        "request_id": "r",
                    }
                ],
            )
            if next_days is not None:
                mine = update(Schedule).where(Schedule.id == schedule_id)
                connection.execute(mine.values(next_at=Now(-next_days * DAY)))
        for schedule_id in (behind, ahead, paused, gone):
            for days in (99, 89):
                moment = datetime.now(UTC) - timedelta(days=days)
                row = {"schedule_id": schedule_id, "slot": str(days), "slot_at": moment, "outcome": "fired"}
                connection.execute(insert(ScheduleSlot), [row])
    assert run(database, retention.slots, age_seconds=90 * DAY) == 3
    with database.read() as connection:
        left = {tuple(row) for row in connection.execute(select(ScheduleSlot.schedule_id, ScheduleSlot.slot))}
    assert left == {(one, "89") for one in (behind, ahead, paused, gone)} | {(behind, "99")}


def in_a_thread(database: Database, act: Callable[[Connection], object]) -> threading.Thread:
    """Have it done in a transaction of its own, by another connection."""

    def run_it() -> None:
        with database.begin() as connection:
            act(connection)

    thread = threading.Thread(target=run_it)
    thread.start()
    return thread


def wait_for_a_lock(database: Database, thread: threading.Thread) -> None:
    """Until it waits for a row that is held, or has done all it does without waiting."""

    def waits_or_ended() -> bool:
        waiting = text("SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%FOR UPDATE'")
        with database.read() as connection:
            return bool(connection.execute(waiting).scalar_one()) or not thread.is_alive()

    wait_until(waits_or_ended, seconds=4, what="the other to wait for that email")


@pytest.mark.parametrize("batch", [retention.bodies, retention.emails])
@pytest.mark.parametrize("changes", [{"state": "queued"}, {"due_at": Now()}], ids=["state", "age"])
def test_an_email_that_somebody_else_holds_is_asked_again_whether_it_ended_so_long_ago(
    mariadb_database: Database, batch: Callable[..., Forgotten], changes: dict[str, Any]
) -> None:
    one, other = ended(mariadb_database, 92), ended(mariadb_database, 91)
    done: list[Forgotten] = []

    def forget(connection: Connection) -> None:
        done.append(batch(connection, BULK_SENT, age_seconds=90 * DAY, limit=10))

    with mariadb_database.begin() as connection:
        connection.execute(update(Email).where(Email.id == one).values(changes))
        thread = in_a_thread(mariadb_database, forget)
        wait_for_a_lock(mariadb_database, thread)
    thread.join()
    assert [found.more for found in done] == [False]
    assert ids(mariadb_database, ContentChunk.email_id) == ids(mariadb_database, Attachment.email_id) == {one}
    assert ids(mariadb_database, Email.id) == ({one} if batch is retention.emails else {one, other})


FAILED = (State.FAILED, Lane.BULK)


def test_an_email_that_is_being_retried_keeps_its_bodies_until_it_ended_again(mariadb_database: Database) -> None:
    one = ended(mariadb_database, 91, "failed")
    done: list[Forgotten] = []

    def forget(connection: Connection) -> None:
        done.append(retention.bodies(connection, FAILED, age_seconds=30 * DAY, limit=10))

    with mariadb_database.begin() as connection:
        connection.execute(select(Email.id).where(Email.id == one).with_for_update())
        thread = in_a_thread(mariadb_database, forget)
        wait_for_a_lock(mariadb_database, thread)
        interventions.retry(connection, one)
    thread.join()
    assert done == [Forgotten(0, more=False)]
    assert ids(mariadb_database, ContentChunk.email_id) == ids(mariadb_database, Attachment.email_id) == {one}
    with mariadb_database.begin() as connection:
        claim = deliveries.claim(connection, one, lease_seconds=60)
        assert claim is not None
        assert contents.load_all(connection, one, [2]) == {0: b"text", 1: b"html", 2: b"bytes"}
        connection.execute(update(Email).values(state="failed", due_at=Now(-31 * DAY)))
    assert run(mariadb_database, partial(retention.bodies, part=FAILED), age_seconds=30 * DAY) == 3


def test_an_email_whose_bodies_are_being_forgotten_is_not_retried(mariadb_database: Database) -> None:
    one = ended(mariadb_database, 91, "failed")
    said: list[str] = []

    def retry(connection: Connection) -> None:
        try:
            interventions.retry(connection, one)
        except interventions.LeftAlone as problem:
            said.append(str(problem))

    with mariadb_database.begin() as connection:
        done = retention.bodies(connection, FAILED, age_seconds=30 * DAY, limit=10)
        thread = in_a_thread(mariadb_database, retry)
        wait_for_a_lock(mariadb_database, thread)
    thread.join()
    assert (done.count, said) == (3, ["is failed, and its content is forgotten"])
    with mariadb_database.read() as connection:
        assert connection.execute(select(Email.state)).scalar_one() == "failed"


def test_a_mark_is_made_once_and_stays(database: Database) -> None:
    ended(database, 31)
    for _ in range(2):
        run_parts(database, retention.bodies, 30)
    with database.read() as connection:
        rows = connection.execute(select(RetentionMark.name, RetentionMark.moment))
        marks = {row.name: row.moment for row in rows}
    assert len(marks) == len(PARTS)
    assert (datetime.now(UTC) - marks["bodies:sent:bulk"]) / timedelta(days=1) == pytest.approx(31, abs=0.01)
