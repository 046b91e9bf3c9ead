"""Which webhooks workers are told of, and what it costs to find them."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text, update

from postroom_database.engine import Database
from postroom_database.models import Webhook, WebhookDelivery
from postroom_database.repositories import measuring, timelines, webhook_hints
from postroom_database.types import Now
from postroom_testing.webhooks import add_webhook

BACKLOG = 200_000
Values = dict[str, Any]
BUSY: list[tuple[Values, Values]] = [
    ({"status": "disabled"}, {"status": "enabled"}),
    ({"lease_ends_at": Now(60)}, {"lease_ends_at": Now(-1)}),
    ({"hinted_at": Now(-30)}, {"hinted_at": Now(-90)}),
]
TROUBLED: list[tuple[Values, Values]] = [
    ({"failing_since": Now()}, {"failing_since": None}),
    ({"is_slow": True}, {"is_slow": False}),
]
FILL = """
    INSERT INTO webhook_deliveries (id, workspace_id, webhook_id, event_id, type, state, due_at)
    SELECT UNHEX(LPAD(HEX(seq + :offset), 32, '0')), :workspace, :webhook, :webhook, 'email.sent', 'pending',
           IF(:ended, NULL, UTC_TIMESTAMP(6) + INTERVAL :shift SECOND)
    FROM seq_1_to_1000000 WHERE seq <= :count
"""


def hinted(database: Database, *, slow: bool = False, limit: int = 10) -> list[UUID]:
    with database.read() as connection:
        found = webhook_hints.missing_hints(connection, slow=slow, older_than_seconds=60, limit=limit)
        return [one.id for one in found]


def change(database: Database, webhook_id: UUID, **values: Any) -> None:
    with database.begin() as connection:
        connection.execute(update(Webhook).where(Webhook.id == webhook_id).values(**values))


def tell(database: Database, workspace_id: UUID) -> None:
    with database.begin() as connection:
        timelines.tell(connection, workspace_id, "domain.updated", {"object": "domain"})


def test_only_what_is_enabled_free_and_due_is_hinted(database: Database) -> None:
    workspace_id = uuid4()
    webhook_id = add_webhook(database, workspace_id)
    add_webhook(database, uuid4())
    assert hinted(database) == []
    tell(database, workspace_id)
    assert hinted(database) == [webhook_id]
    for values, back in BUSY:
        change(database, webhook_id, **values)
        assert hinted(database) == [], values
        change(database, webhook_id, **back)
        assert hinted(database) == [webhook_id]
    for values, back in TROUBLED:
        change(database, webhook_id, **values)
        assert (hinted(database), hinted(database, slow=True)) == ([], [webhook_id]), values
        change(database, webhook_id, **back)
        assert (hinted(database), hinted(database, slow=True)) == ([webhook_id], [])
    with database.begin() as connection:
        connection.execute(update(WebhookDelivery).values(due_at=Now(60)))
    assert hinted(database) == []


def test_a_hint_is_claimed_once(database: Database) -> None:
    workspace_id = uuid4()
    add_webhook(database, workspace_id)
    tell(database, workspace_id)
    with database.begin() as connection:
        [found] = webhook_hints.missing_hints(connection, slow=False, older_than_seconds=60, limit=10)
        assert webhook_hints.claim_hint(connection, found)
        assert not webhook_hints.claim_hint(connection, found)
    assert hinted(database) == []
    with database.begin() as connection:
        webhook_hints.forget_hint(connection, found.id)
    assert hinted(database) == [found.id]


def test_all_webhooks_are_looked_at_however_many_there_are(database: Database) -> None:
    busy = []
    for number in range(250):
        workspace_id = uuid4()
        webhook_id = add_webhook(database, workspace_id)
        if number % 100 in {0, 99}:
            tell(database, workspace_id)
            busy.append(webhook_id)
    assert hinted(database) == busy
    assert hinted(database, limit=2) == busy[:2]


@pytest.fixture
def filled(mariadb_database: Database) -> tuple[Database, UUID]:
    """Ten webhooks with large pasts, one of them with a large backlog."""
    database = mariadb_database
    ids = [add_webhook(database, uuid4()) for _ in range(10)]
    with database.begin() as connection:
        connection.execute(text("SET SESSION max_statement_time = 0"))
        for place, webhook_id in enumerate(ids):
            busy = place == 0
            values = {"workspace": webhook_id.bytes, "webhook": webhook_id.bytes, "shift": 0, "ended": True}
            connection.execute(text(FILL), values | {"offset": place * BACKLOG * 4, "count": BACKLOG // 10})
            values |= {"ended": False, "shift": -60 if busy else 3600}
            count = BACKLOG if busy else BACKLOG // 10
            connection.execute(text(FILL), values | {"offset": place * BACKLOG * 4 + BACKLOG * 2, "count": count})
        connection.execute(text("ANALYZE TABLE webhook_deliveries"))
    return database, ids[0]


def test_a_look_costs_the_same_however_much_waits_and_has_ended(filled: tuple[Database, UUID]) -> None:
    database, busy = filled
    with database.read() as connection:
        connection.execute(text("FLUSH STATUS"))
        found = webhook_hints.missing_hints(connection, slow=False, older_than_seconds=60, limit=10)
        counters = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'")).all()
    read = sum(int(value) for _, value in counters)
    assert [one.id for one in found] == [busy]
    print(f"{read} rows read for 10 webhooks, {BACKLOG} deliveries due and {BACKLOG} ended")  # noqa: T201 - the figure
    assert read < 100


def test_measuring_webhooks_costs_the_same_too(filled: tuple[Database, UUID]) -> None:
    database, _ = filled
    with database.read() as connection:
        connection.execute(text("FLUSH STATUS"))
        waits = measuring.waiting_webhooks(connection)
        counters = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'")).all()
    read = sum(int(value) for _, value in counters)
    assert 60 <= waits.healthy < 1000
    assert waits.troubled == 0
    print(f"{read} rows read for 10 webhooks, {BACKLOG} deliveries due and {BACKLOG} ended")  # noqa: T201 - the figure
    assert read < 150
