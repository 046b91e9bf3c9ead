from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update

from postroom_database.engine import Database
from postroom_database.models import Event, Workspace
from postroom_database.repositories import reputations, workspaces
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_domain.suppressions import Origin

HOUR = 3600
HARD = {"bounceType": "Permanent", "bounceSubType": "General"}
SOFT = {"bounceType": "Transient", "bounceSubType": "MailboxFull"}


def happen(
    database: Database,
    workspace_id: UUID,
    happening: str,
    *,
    ago: float,
    email_id: UUID | None = None,
    data: Any = None,
) -> UUID:
    """Write one event; the id of its email."""
    email_id = email_id or uuid4()
    row = {"workspace_id": workspace_id, "email_id": email_id, "type": happening, "data": data}
    with database.begin() as connection:
        connection.execute(insert(Event).values(id=new_id(), created_at=Now(-ago), **row))
    return email_id


def hour_ago(database: Database) -> datetime:
    with database.read() as connection:
        return connection.execute(select(Now(-HOUR))).scalar_one()


def troubled(database: Database, workspace_id: UUID, kind: Origin = Origin.BOUNCE, rows: int = 100) -> int:
    since = hour_ago(database)
    with database.read() as connection:
        return reputations.count_troubled(connection, workspace_id, kind, since, rows=rows)


def test_hard_bounces_count_and_each_email_once(database: Database) -> None:
    mine = uuid4()
    for data in (HARD, SOFT, {}, None):
        email_id = happen(database, mine, "email.sent", ago=60)
        happen(database, mine, "email.bounced", ago=30, email_id=email_id, data=data)
    happen(database, mine, "email.bounced", ago=20, email_id=email_id, data=HARD)
    happen(database, mine, "email.bounced", ago=10, email_id=email_id, data=HARD)
    other = happen(database, uuid4(), "email.sent", ago=60)
    happen(database, uuid4(), "email.bounced", ago=30, email_id=other, data=HARD)
    assert troubled(database, mine) == 2
    assert troubled(database, mine, Origin.COMPLAINT) == 0


def test_complaints_count_whatever_kind_they_are(database: Database) -> None:
    mine = uuid4()
    for data in (None, {"complaintFeedbackType": "abuse"}):
        email_id = happen(database, mine, "email.sent", ago=60)
        happen(database, mine, "email.complained", ago=30, email_id=email_id, data=data)
    assert troubled(database, mine, Origin.COMPLAINT) == 2
    assert troubled(database, mine) == 0


def test_what_comes_late_for_an_email_sent_before_the_window_does_not_count(database: Database) -> None:
    mine = uuid4()
    late = happen(database, mine, "email.sent", ago=HOUR + 600)
    happen(database, mine, "email.bounced", ago=60, email_id=late, data=HARD)
    assert troubled(database, mine) == 0


def test_no_more_than_the_newest_rows_are_looked_at(database: Database) -> None:
    mine = uuid4()
    for ago in (50, 40, 30):
        email_id = happen(database, mine, "email.sent", ago=60)
        happen(database, mine, "email.bounced", ago=ago, email_id=email_id, data=HARD if ago == 50 else SOFT)
    assert troubled(database, mine, rows=2) == 0
    assert troubled(database, mine, rows=3) == 1


def test_sent_emails_are_counted_up_to_a_limit(database: Database) -> None:
    mine = uuid4()
    for ago in (10, 20, 30, HOUR + 60):
        happen(database, mine, "email.sent", ago=ago)
    happen(database, mine, "email.delivered", ago=10)
    happen(database, uuid4(), "email.sent", ago=10)
    since = hour_ago(database)
    with database.read() as connection:
        assert [reputations.count_sent(connection, mine, since, limit=limit) for limit in (1, 2, 9)] == [1, 2, 3]
        moments = [reputations.sent_at(connection, mine, since, newest=newest) for newest in (1, 2, 3, 4)]
    assert moments[3] is None
    assert [moment for moment in moments if moment is not None] == sorted(filter(None, moments), reverse=True)


def test_the_window_begins_where_the_workspace_was_resumed(database: Database) -> None:
    with database.begin() as connection:
        names = {workspaces.add(connection, name): name for name in ("fresh", "resumed", "long ago", "suspended")}
        for name, resumed, suspended in (
            ("resumed", Now(-60), None),
            ("long ago", Now(-2 * HOUR), None),
            ("suspended", None, Now()),
        ):
            connection.execute(
                update(Workspace).where(Workspace.name == name).values(resumed_at=resumed, suspended_at=suspended)
            )
    start = hour_ago(database)
    with database.read() as connection:
        found = {
            names[judged.workspace_id]: judged for judged in reputations.unsuspended(connection, window_seconds=HOUR)
        }
        assert reputations.count_suspended(connection) == 1
    assert set(found) == {"fresh", "resumed", "long ago"}
    assert found["resumed"].since == found["resumed"].resumed_at
    for name in ("fresh", "long ago"):
        assert 0 <= (found[name].since - start).total_seconds() < 60


def test_it_is_suspended_once_and_not_when_it_was_resumed_meanwhile(database: Database) -> None:
    with database.begin() as connection:
        workspace_id = workspaces.add(connection, "acme")
    with database.begin() as connection:
        [seen] = reputations.unsuspended(connection, window_seconds=HOUR)
        assert reputations.suspend(connection, seen, "first")
        assert not reputations.suspend(connection, seen, "second")
        row = connection.execute(select(Workspace.suspended_reason, Workspace.suspended_at)).one()
        assert row.suspended_reason == "first"
        assert row.suspended_at is not None
        connection.execute(
            update(Workspace)
            .where(Workspace.id == workspace_id)
            .values(suspended_at=None, suspended_reason=None, resumed_at=Now())
        )
        assert not reputations.suspend(connection, seen, "third")
        [again] = reputations.unsuspended(connection, window_seconds=HOUR)
        assert reputations.suspend(connection, again, "fourth")
