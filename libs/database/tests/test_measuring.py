from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from postroom_database.engine import Database
from postroom_database.models import Email, WebhookDelivery
from postroom_database.repositories import measuring, timelines
from postroom_database.types import Now
from postroom_domain.lanes import Lane
from postroom_domain.states import State
from postroom_testing.drafts import draft, store
from postroom_testing.webhooks import add_webhook


def add(database: Database, lane: Lane, **values: Any) -> UUID:
    one = draft(lane=lane)
    store(database, one)
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id == one.id).values(**values))
    return one.id


def oldest(database: Database, lane: Lane) -> float:
    with database.read() as connection:
        return measuring.oldest_seconds(connection, lane)


def test_the_oldest_is_the_one_that_is_due_and_waits(database: Database) -> None:
    assert oldest(database, Lane.BULK) == 0
    add(database, Lane.BULK, due_at=Now(-100))
    add(database, Lane.BULK, due_at=Now(-50))
    add(database, Lane.BULK, due_at=Now(500))
    add(database, Lane.BULK, due_at=Now(-900), state="sent")
    add(database, Lane.BULK, due_at=Now(-900), state="sending")
    add(database, Lane.BULK, due_at=Now(-900), state="held")
    assert oldest(database, Lane.BULK) == pytest.approx(100, abs=20)
    assert oldest(database, Lane.INTERACTIVE) == 0
    add(database, Lane.BULK, due_at=Now(-300), state="suspect")
    assert oldest(database, Lane.BULK) == pytest.approx(300, abs=20)


def test_an_email_that_is_due_in_a_moment_is_none(database: Database) -> None:
    add(database, Lane.BULK, due_at=datetime.now(UTC) + timedelta(seconds=60))
    assert oldest(database, Lane.BULK) == 0


def test_what_is_not_ended_is_counted_by_lane_and_state(database: Database) -> None:
    for state in State:
        add(database, Lane.BULK, state=state.value, due_at=Now(-10))
    add(database, Lane.BULK, due_at=Now(500))
    add(database, Lane.INTERACTIVE, due_at=Now(500))
    with database.read() as connection:
        found = {lane: measuring.depth(connection, lane) for lane in Lane}
    nothing = dict.fromkeys(found[Lane.BULK], 0)
    assert found[Lane.INTERACTIVE] == nothing | {"put_off": 1}
    assert found[Lane.BULK] == dict.fromkeys(nothing, 1)
    assert set(nothing) == {"due", "put_off", "suspect", "sending", "unknown", "held", "scheduled"}


def test_webhooks_are_counted_as_they_stand(database: Database) -> None:
    add_webhook(database, uuid4())
    add_webhook(database, uuid4())
    add_webhook(database, uuid4(), is_slow=True)
    add_webhook(database, uuid4(), failing_since=datetime.now(UTC), is_slow=True)
    add_webhook(database, uuid4(), status="disabled", failing_since=datetime.now(UTC))
    with database.read() as connection:
        assert measuring.webhooks(connection) == {"healthy": 2, "slow": 1, "failing": 1, "disabled": 1}


def test_the_longest_due_delivery_of_healthy_and_of_troubled_webhooks(database: Database) -> None:
    kinds: list[tuple[dict[str, Any], float]] = [
        ({}, -50),
        ({}, -100),
        ({}, 500),
        ({"is_slow": True}, -200),
        ({"failing_since": datetime.now(UTC)}, -300),
        ({"status": "disabled"}, -900),
    ]
    for values, shift in kinds:
        workspace_id = uuid4()
        webhook_id = add_webhook(database, workspace_id, **values)
        with database.begin() as connection:
            timelines.tell(connection, workspace_id, "domain.updated", {"object": "domain"})
            connection.execute(
                update(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id).values(due_at=Now(shift))
            )
    with database.read() as connection:
        waits = measuring.waiting_webhooks(connection)
    assert waits.healthy == pytest.approx(100, abs=20)
    assert waits.troubled == pytest.approx(300, abs=20)


def test_without_webhooks_none_waits(database: Database) -> None:
    with database.read() as connection:
        assert measuring.waiting_webhooks(connection) == measuring.WaitingWebhooks(0, 0)
        assert measuring.webhooks(connection) == {"healthy": 0, "slow": 0, "failing": 0, "disabled": 0}
