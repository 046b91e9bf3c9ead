import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError

from postroom_database.engine import Database
from postroom_database.models import Event, Workspace
from postroom_database.repositories import workspaces
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_domain.reputation import Brake
from postroom_domain.suppressions import Origin
from postroom_scheduler.brake import LARGEST, BrakeRules, brake_workspaces
from postroom_testing.audit import audit_is_gone, entries

HOUR = 3600
BRAKES = {Origin.BOUNCE: Brake(percent=5, min_volume=100), Origin.COMPLAINT: Brake(percent=0.5, min_volume=100)}
OFF = {kind: Brake(percent=0, min_volume=100) for kind in BRAKES}
HARD = {"bounceType": "Permanent"}


@pytest.fixture
def mine(database: Database) -> UUID:
    with database.begin() as connection:
        return workspaces.add(connection, "acme")


def happen(
    database: Database, workspace_id: UUID, happening: str, emails: list[UUID], *, ago: float = 60, data: Any = None
) -> None:
    with database.begin() as connection:
        moment = connection.execute(select(Now(-ago))).scalar_one()
        connection.execute(
            insert(Event),
            [
                {
                    "id": new_id(),
                    "workspace_id": workspace_id,
                    "email_id": email_id,
                    "type": happening,
                    "data": data,
                    "created_at": moment,
                }
                for email_id in emails
            ],
        )


def sent(database: Database, workspace_id: UUID, count: int, *, ago: float = 60) -> list[UUID]:
    ids = [uuid4() for _ in range(count)]
    happen(database, workspace_id, "email.sent", ids, ago=ago)
    return ids


def brake(database: Database, brakes: Any = BRAKES, *, largest: int = LARGEST) -> None:
    brake_workspaces(database, BrakeRules(brakes, HOUR), largest=largest)


def suspended(database: Database, name: str = "acme") -> str | None:
    """Why, when it is suspended."""
    with database.read() as connection:
        row = connection.execute(
            select(Workspace.suspended_at, Workspace.suspended_reason).where(Workspace.name == name)
        ).one()
    assert (row.suspended_at is None) == (row.suspended_reason is None)
    reason: str | None = row.suspended_reason
    return reason


def test_a_workspace_whose_bounces_reach_the_rate_is_suspended(database: Database, mine: UUID, events: Any) -> None:
    ids = sent(database, mine, 200)
    happen(database, mine, "email.bounced", ids[:9], data=HARD)
    brake(database)
    assert suspended(database) is None
    happen(database, mine, "email.bounced", ids[9:10], data=HARD)
    brake(database)
    assert suspended(database) == "the brake: 5% hard bounces (10 of 200 emails), where 5% are too many"
    assert events.seen == [
        (
            "workspace.suspended",
            {
                "workspace_id": str(mine),
                "kind": "bounce",
                "count": 10,
                "sent": 200,
                "percent": 5.0,
                "limit_percent": 5,
            },
        )
    ]
    brake(database)
    assert len(events.seen) == 1
    [noted] = entries(database).values()
    assert (noted.workspace_id, noted.actor, noted.action) == (mine, "postroom", "workspace.suspended")


def test_a_workspace_that_is_complained_about_is_suspended(database: Database, mine: UUID) -> None:
    ids = sent(database, mine, 1000)
    happen(database, mine, "email.complained", ids[:5])
    brake(database)
    assert suspended(database) == "the brake: 0.5% complaints (5 of 1000 emails), where 0.5% are too many"


def test_soft_bounces_are_no_reason(database: Database, mine: UUID) -> None:
    happen(database, mine, "email.bounced", sent(database, mine, 200), data={"bounceType": "Transient"})
    brake(database)
    assert suspended(database) is None


def test_few_emails_are_not_judged(database: Database, mine: UUID) -> None:
    happen(database, mine, "email.bounced", sent(database, mine, 99), data=HARD)
    brake(database)
    assert suspended(database) is None
    sent(database, mine, 1)
    brake(database)
    assert suspended(database) is not None


def test_a_brake_that_is_off_never_sets_in(database: Database, mine: UUID) -> None:
    ids = sent(database, mine, 200)
    happen(database, mine, "email.bounced", ids, data=HARD)
    happen(database, mine, "email.complained", ids)
    brake(database, OFF)
    assert suspended(database) is None
    brake(database, OFF | {Origin.COMPLAINT: BRAKES[Origin.COMPLAINT]})
    assert suspended(database) == "the brake: 100% complaints (200 of 200 emails), where 0.5% are too many"


def test_each_workspace_stands_for_itself(database: Database, mine: UUID) -> None:
    with database.begin() as connection:
        other = workspaces.add(connection, "other")
    sent(database, mine, 200)
    happen(database, other, "email.bounced", sent(database, other, 200), data=HARD)
    brake(database)
    assert (suspended(database, "acme"), suspended(database, "other") is None) == (None, False)


def test_what_was_sent_before_it_was_resumed_does_not_suspend_it_again(database: Database, mine: UUID) -> None:
    ids = sent(database, mine, 200)
    happen(database, mine, "email.bounced", ids[:100], data=HARD)
    with database.begin() as connection:
        connection.execute(update(Workspace).values(resumed_at=Now(-30)))
    sent(database, mine, 200, ago=20)
    happen(database, mine, "email.bounced", ids[100:], ago=10, data=HARD)
    brake(database)
    assert suspended(database) is None


def test_of_very_many_emails_the_newest_are_judged(database: Database, mine: UUID) -> None:
    """Otherwise a good morning of millions would hide a bad afternoon, and counting would take ever longer."""
    sent(database, mine, 4000, ago=1800)
    bad = sent(database, mine, 1000, ago=60)
    happen(database, mine, "email.bounced", bad[:60], data=HARD)
    brake(database)
    assert suspended(database) is None
    brake(database, largest=1000)
    assert suspended(database) == "the brake: 6% hard bounces (60 of 1000 emails), where 5% are too many"


def test_of_four_schedulers_one_suspends(database: Database, mine: UUID, events: Any) -> None:
    happen(database, mine, "email.bounced", sent(database, mine, 200), data=HARD)
    together = threading.Barrier(4)

    def run() -> None:
        together.wait(timeout=30)
        brake(database)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert suspended(database) is not None
    assert events.names() == ["workspace.suspended"]
    assert len(entries(database)) == 1


def test_what_cannot_be_noted_is_not_done(database: Database, mine: UUID) -> None:
    happen(database, mine, "email.bounced", sent(database, mine, 200), data=HARD)
    with audit_is_gone(database), pytest.raises(DBAPIError):
        brake(database)
    assert suspended(database) is None


def test_the_suspended_are_a_metric(database: Database, mine: UUID) -> None:
    brake(database)
    assert REGISTRY.get_sample_value("postroom_workspaces_suspended") == 0
    happen(database, mine, "email.bounced", sent(database, mine, 200), data=HARD)
    brake(database)
    assert REGISTRY.get_sample_value("postroom_workspaces_suspended") == 1
