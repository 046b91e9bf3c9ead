from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update

from postroom_database.engine import Database
from postroom_database.models import Email, Schedule, ScheduleSlot
from postroom_database.repositories import timelines
from postroom_database.types import Now
from postroom_testing.drafts import draft, store
from postroom_testing.schedules import schedule

NEXT = (
    "`dead list --because restored` shows them.\n"
    "`dead retry` sends them, again if they were sent. `dead discard` ends them.\n"
)
OTHERS = ("held", "sent", "delivered", "bounced", "failed", "suppressed", "canceled")


def put(database: Database, count: int = 1, *, state: str = "queued", **changes: Any) -> list[UUID]:
    drafts = [draft() for _ in range(count)]
    store(database, *drafts)
    ids = [one.id for one in drafts]
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id.in_(ids)).values({"state": state} | changes))
    return ids


def row(database: Database, email_id: UUID) -> Any:
    with database.read() as connection:
        return timelines.email(connection, email_id)


def test_all_that_was_on_its_way_is_held(admin: Any, database: Database) -> None:
    states = ["queued", "sending", "unknown", "suspect"]
    [parked] = put(database, state="queued", due_at=Now(3600))
    ids = [put(database, state=state, last_event="queued")[0] for state in states]
    put(database, state="sending", lease_token=uuid4(), lease_ends_at=Now(60))
    done = admin("fence")
    assert done.exit_code == 0
    assert done.stdout == f"Held: 6 (2 queued, 2 sending, 1 unknown, 1 suspect).\n{NEXT}"
    with database.read() as connection:
        rows = connection.execute(select(Email.__table__)).all()
        now = connection.execute(select(Now())).scalar_one()
        told = {one: [(event.type, event.data) for event in timelines.events(connection, one)] for one in ids}
    for found in rows:
        assert (found.state, found.held_because, found.last_event) == ("held", "restored", "queued")
        assert (found.lease_token, found.lease_ends_at, found.hinted_at) == (None, None, None)
    assert abs((row(database, parked).due_at - now).total_seconds()) < 30
    for state, one in zip(states, ids, strict=True):
        reason = f"it was {state} when the backup was made, and may have been sent since"
        assert told[one] == [("email.held", {"because": "restored", "reason": reason})]
        assert row(database, one).reason == reason


def test_of_the_scheduled_only_those_whose_time_has_come(admin: Any, database: Database) -> None:
    [past], [future] = (
        put(database, state="scheduled", last_event="scheduled", due_at=Now(due), scheduled_at=Now(due))
        for due in (-60, 60)
    )
    before = row(database, future)
    assert admin("fence").stdout == f"Held: 1 (1 scheduled).\n{NEXT}"
    held = row(database, past)
    assert (held.state, held.held_because, held.last_event) == ("held", "restored", "queued")
    assert row(database, future) == before


def test_nothing_else_is_touched(admin: Any, database: Database) -> None:
    ids = [put(database, state=state, held_because="crashed" if state == "held" else None)[0] for state in OTHERS]
    before = [row(database, one) for one in ids]
    done = admin("fence")
    assert (done.exit_code, done.stdout) == (0, "No mail was on its way: nothing to hold.\n")
    assert [row(database, one) for one in ids] == before


def test_running_it_again_is_safe(admin: Any, database: Database) -> None:
    [one] = put(database)
    admin("fence")
    before = row(database, one)
    assert admin("fence").stdout == "No mail was on its way: nothing to hold.\n"
    assert row(database, one) == before


def test_much_mail_is_held_in_small_transactions_and_told_of_on_the_way(admin: Any, database: Database) -> None:
    put(database, 10_400)
    done = admin("fence")
    assert done.stdout.startswith("Held: 10400 (10400 queued).\n")
    assert done.stderr == "10000 queued so far\n"
    with database.read() as connection:
        assert set(connection.execute(select(Email.state).distinct()).scalars()) == {"held"}


def test_what_it_held_can_be_decided(admin: Any, database: Database) -> None:
    one, other = put(database, 2)
    admin("fence")
    assert len(admin("dead", "list", "--because", "restored").stdout.splitlines()) == 2
    assert admin("dead", "retry", str(one)).stdout == "Queued again: 1.\n"
    assert admin("dead", "discard", "--all", "--because", "restored", "--yes").stdout == "Discarded: 1.\n"
    assert (row(database, one).state, row(database, other).state) == ("queued", "failed")


def schedule_row(database: Database, schedule_id: UUID) -> Any:
    with database.read() as connection:
        return connection.execute(select(Schedule.__table__).where(Schedule.id == schedule_id)).one()


def test_schedules_that_are_due_go_on_after_now(admin: Any, database: Database) -> None:
    stale, other = (schedule(database, behind=timedelta(days=90), catch_up="all") for _ in range(2))
    coming, paused = schedule(database), schedule(database, status="paused", next_slot=None, next_at=None)
    before = {one: schedule_row(database, one) for one in (stale, coming, paused)}
    done = admin("fence")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "Schedules moved beyond now: 2. Each shows the slot that it skipped.",
        "No mail was on its way: nothing to hold.",
    ]
    with database.read() as connection:
        now = connection.execute(select(Now())).scalar_one()
        skipped = connection.execute(select(ScheduleSlot.__table__).where(ScheduleSlot.schedule_id == stale)).all()
        assert connection.execute(select(Email.id)).all() == []
    assert [(slot.slot, slot.outcome) for slot in skipped] == [(before[stale].next_slot, "skipped")]
    assert skipped[0].reason == "it was due after the backup was made, and may have fired since"
    for one in (stale, other):
        assert now - timedelta(seconds=5) < schedule_row(database, one).next_at <= now + timedelta(minutes=1)
    for one in (coming, paused):
        assert schedule_row(database, one) == before[one]
    assert admin("fence").stdout == "No mail was on its way: nothing to hold.\n"


def test_a_schedule_whose_end_has_passed_meanwhile_has_ended(admin: Any, database: Database) -> None:
    with database.read() as connection:
        now = connection.execute(select(Now())).scalar_one()
    one = schedule(database, behind=timedelta(days=2), ends_at=now - timedelta(days=1))
    admin("fence")
    assert (schedule_row(database, one).status, schedule_row(database, one).next_at) == ("ended", None)
