from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from postroom_database.drafts import Draft
from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.repositories import deliveries
from postroom_database.types import Now
from postroom_domain.lanes import Lane
from postroom_jobs.hints import Hints
from postroom_scheduler.sweeps import hint_missing
from postroom_testing.drafts import draft, store
from postroom_testing.redis import Redis

AGE_SECONDS = 60.0


def waiting_drafts(database: Database, count: int) -> list[str]:
    """Store emails that nobody hinted, stored in another order than they fell due; their ids in order of due time."""
    drafts = [draft() for _ in range(count)]
    store(database, *reversed(drafts), hinted=False)
    with database.begin() as connection:
        now = connection.execute(select(Now())).scalar_one()
        for place, one in enumerate(drafts):
            due_at = now - timedelta(seconds=count - place)
            connection.execute(update(Email).where(Email.id == one.id).values(due_at=due_at))
    return [str(one.id) for one in drafts]


def age_hints(database: Database, seconds: float) -> None:
    with database.begin() as connection:
        connection.execute(update(Email).values(hinted_at=Now(-seconds)))


def test_only_due_emails_without_a_fresh_hint_are_hinted(database: Database, window: Any, events: Any) -> None:
    unhinted, bulk, stale, unsettled = draft(), draft(lane=Lane.BULK), draft(), draft()
    fresh, later, sending, sent = draft(), draft(), draft(), draft()
    store(database, unhinted, bulk, stale, unsettled, fresh, later, sending, sent, hinted=False)
    change(database, stale, hinted_at=Now(-AGE_SECONDS - 1))
    change(database, unsettled, state="unknown")
    change(database, fresh, hinted_at=Now(-AGE_SECONDS + 30))
    change(database, later, due_at=Now(60))
    change(database, sent, state="sent")
    with database.begin() as connection:
        assert deliveries.claim(connection, sending.id, lease_seconds=60)
    hints = Hints(window.broker, mark=1000)
    hint_missing(database, hints, AGE_SECONDS)
    hint_missing(database, hints, AGE_SECONDS)
    assert sorted(window.ids()) == sorted(str(one.id) for one in (unhinted, stale))
    assert window.ids(Lane.BULK) == [str(bulk.id)]
    assert events.seen == [
        ("hints.given", {"lane": "interactive", "count": 2}),
        ("hints.given", {"lane": "bulk", "count": 1}),
    ]


def test_redis_never_holds_more_than_the_mark_and_is_topped_up_in_order_of_due_time(
    database: Database, window: Any
) -> None:
    ids = waiting_drafts(database, 200)
    hints = Hints(window.broker, mark=50)
    for _ in range(3):
        hint_missing(database, hints, AGE_SECONDS)
    assert window.ids() == ids[:50]
    assert window.take(2) == ids[:20]
    for _ in range(3):
        hint_missing(database, hints, AGE_SECONDS)
    assert window.ids() == ids[20:70]
    age_hints(database, AGE_SECONDS + 1)
    hint_missing(database, hints, AGE_SECONDS)
    assert len(window.ids()) == 50


def test_a_full_lane_does_not_close_the_other(database: Database, window: Any) -> None:
    urgent = draft()
    store(database, *(draft(lane=Lane.BULK) for _ in range(30)), urgent, hinted=False)
    hints = Hints(window.broker, mark=20)
    hints.give(Lane.BULK, [UUID(int=number) for number in range(20)])
    hint_missing(database, hints, AGE_SECONDS)
    assert window.ids() == [str(urgent.id)]
    assert len(window.ids(Lane.BULK)) == 20


def test_lost_hints_are_given_again_when_they_are_old(database: Database, window: Any, redis_server: Redis) -> None:
    ids = waiting_drafts(database, 15)
    hints = Hints(window.broker, mark=1000)
    hint_missing(database, hints, AGE_SECONDS)
    redis_server.flush()
    hint_missing(database, hints, AGE_SECONDS)
    assert window.ids() == []
    age_hints(database, AGE_SECONDS + 1)
    hint_missing(database, hints, AGE_SECONDS)
    assert window.ids() == ids


def change(database: Database, one: Draft, **values: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == one.id).values(**values))
