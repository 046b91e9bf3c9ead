from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update

from postroom_database.drafts import Draft
from postroom_database.engine import Database
from postroom_database.models import Email, Workspace
from postroom_database.repositories import deliveries, sweeps, timelines, waiting
from postroom_database.repositories.waiting import Waiting
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_testing.drafts import draft, store


def change(database: Database, one: Draft, **values: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == one.id).values(**values))


def row(database: Database, one: Draft) -> Any:
    with database.read() as connection:
        return timelines.email(connection, one.id)


def told(database: Database, one: Draft) -> list[Any]:
    with database.read() as connection:
        return [event.data for event in timelines.events(connection, one.id) if event.type == "email.parked"]


def park(database: Database, *drafts: Draft, reason: str = "too much", seconds: float = 900) -> int:
    with database.begin() as connection:
        return waiting.park(connection, [one.id for one in drafts], seconds=seconds, reason=reason)


def test_only_what_is_due_and_held_by_nobody_waits(database: Database) -> None:
    queued, suspect = draft(cc=["To <to@example.com>", "c@example.com"], bcc=["b@example.com"]), draft()
    later, sent, held = draft(), draft(), draft()
    store(database, queued, suspect, later, sent, held)
    change(database, suspect, state="suspect")
    change(database, later, due_at=Now(60))
    change(database, sent, state="sent")
    with database.begin() as connection:
        assert deliveries.claim(connection, held.id, lease_seconds=60)
    ids = [one.id for one in (queued, suspect, later, sent, held)]
    with database.read() as connection:
        found = waiting.look(connection, [*ids, new_id()])
        assert waiting.look(connection, []) == {}
    assert found == {queued.id: Waiting(3, None), suspect.id: Waiting(1, None)}


def test_a_suspended_workspace_is_told_with_its_reason(database: Database) -> None:
    workspace, silent = uuid4(), uuid4()
    with database.begin() as connection:
        connection.execute(insert(Workspace).values(id=workspace, name="one", suspended_at=Now(), suspended_reason="x"))
        connection.execute(insert(Workspace).values(id=silent, name="two", suspended_at=Now()))
    drafts = [draft(workspace), draft(silent), draft()]
    store(database, *drafts)
    with database.read() as connection:
        found = waiting.look(connection, [one.id for one in drafts])
    assert [found[one.id].suspended for one in drafts] == ["x", "", None]


def test_parked_mail_says_why_and_until_when_once_for_each_reason(database: Database) -> None:
    one = draft()
    store(database, one)
    with database.read() as connection:
        before: datetime = connection.execute(select(Now())).scalar_one()
    for reason in ("first", "first", "second", "second", "first"):
        assert park(database, one, reason=reason) == 1
        assert park(database, one, reason=reason) == 0
        parked = row(database, one)
        assert (parked.state, parked.reason, parked.hinted_at) == ("queued", reason, None)
        assert 890 < (parked.due_at - before).total_seconds() < 960
        change(database, one, due_at=Now(-1))
    data = told(database, one)
    assert [event["reason"] for event in data] == ["first", "second", "first"]
    until = datetime.fromisoformat(data[-1]["until"])
    assert 890 < (until - before).total_seconds() < 960


def test_what_somebody_else_holds_is_not_parked(database: Database) -> None:
    mine, taken = draft(), draft()
    store(database, mine, taken)
    with database.begin() as connection:
        assert deliveries.claim(connection, taken.id, lease_seconds=60)
    assert park(database, mine, taken) == 1
    assert row(database, taken).state == "sending"
    assert told(database, taken) == []


def test_a_hint_that_a_worker_keeps_is_not_lost(database: Database) -> None:
    kept, lost = draft(), draft()
    store(database, kept, lost)
    for one in (kept, lost):
        change(database, one, hinted_at=Now(-100))
    with database.begin() as connection:
        waiting.keep_hints(connection, [kept.id])
        missing = sweeps.missing_hints(connection, Lane.INTERACTIVE, older_than_seconds=60, limit=10)
    assert [found.id for found in missing] == [lost.id]


@pytest.mark.parametrize("suspect", [False, True])
def test_a_hint_is_lost_only_when_it_is_older_than_those_that_still_wait(database: Database, *, suspect: bool) -> None:
    old, older, oldest, next_one = draft(), draft(), draft(), draft()
    store(database, old, older, oldest, next_one)
    for one, seconds in ((next_one, 1000), (old, 1000 + 59), (older, 1000 + 61), (oldest, 1000 + 2000)):
        change(database, one, hinted_at=Now(-seconds), due_at=Now(-seconds))
        if suspect:
            change(database, one, state="suspect")

    def missing(*in_redis: Draft) -> list[Any]:
        ids, arguments = [one.id for one in in_redis], {"older_than_seconds": 60, "limit": 10}
        with database.read() as connection:
            if suspect:
                found = sweeps.missing_alone(connection, in_redis=ids, **arguments)
            else:
                found = sweeps.missing_hints(connection, Lane.INTERACTIVE, in_redis=ids, **arguments)
        return [one.id for one in found]

    assert missing(next_one) == [oldest.id, older.id]
    assert missing(next_one, oldest) == []
    assert missing(draft()) == [oldest.id, older.id, old.id, next_one.id]
    change(database, old, hinted_at=None)
    assert missing(next_one) == [oldest.id, older.id, old.id]
