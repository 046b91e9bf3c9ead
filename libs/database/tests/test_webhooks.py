import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, insert, select, update

from postroom_database.engine import Database
from postroom_database.models import Webhook, WebhookAttempt, WebhookDelivery
from postroom_database.paging import Slice
from postroom_database.repositories import timelines, webhook_log, webhooks, workspaces
from postroom_database.repositories.webhooks import WebhookChange
from postroom_database.types import AnyRow, Now
from postroom_domain.ids import new_id
from postroom_domain.limits import MAX_WEBHOOKS
from postroom_domain.webhook_events import WebhookStatus

ENDPOINT = "https://example.com/hook"


@pytest.fixture
def workspace_id(database: Database) -> UUID:
    with database.begin() as connection:
        return workspaces.add(connection, "one")


def add(database: Database, workspace_id: UUID) -> UUID:
    with database.begin() as connection:
        added = webhooks.add(connection, workspace_id, endpoint=ENDPOINT, types=["domain.created"], secret="sealed")
    assert added is not None
    return added


def held(connection: Connection, workspace_id: UUID, webhook_id: UUID) -> AnyRow:
    found = webhooks.hold(connection, workspace_id, webhook_id)
    assert found is not None
    return found


def change(database: Database, workspace_id: UUID, webhook_id: UUID, wanted: WebhookChange) -> AnyRow:
    """The whole row afterwards."""
    with database.begin() as connection:
        webhooks.change(connection, held(connection, workspace_id, webhook_id), wanted)
    return row_of(database, webhook_id)


def row_of(database: Database, webhook_id: UUID) -> AnyRow:
    with database.read() as connection:
        return connection.execute(select(Webhook.__table__).where(Webhook.id == webhook_id)).one()


def have_failed(database: Database, webhook_id: UUID) -> None:
    """As a worker leaves one that Postroom gave up."""
    with database.begin() as connection:
        connection.execute(
            update(Webhook)
            .where(Webhook.id == webhook_id)
            .values(status="disabled", reason="it failed", failing_since=Now(), hinted_at=Now())
        )


def deliver(database: Database, workspace_id: UUID, webhook_id: UUID) -> UUID:
    """Tell of an event; the id of its delivery."""
    with database.begin() as connection:
        timelines.tell(connection, workspace_id, "domain.created", {"name": "example.com"})
        [newest], _ = webhook_log.page(connection, webhook_id, Slice(1))
    delivery_id: UUID = newest.id
    return delivery_id


def set_delivery(database: Database, delivery_id: UUID, **values: object) -> None:
    with database.begin() as connection:
        connection.execute(update(WebhookDelivery).where(WebhookDelivery.id == delivery_id).values(**values))


def delivery(database: Database, delivery_id: UUID) -> AnyRow:
    with database.read() as connection:
        return connection.execute(
            select(WebhookDelivery.__table__, Now().label("now")).where(WebhookDelivery.id == delivery_id)
        ).one()


def shown(database: Database, webhook_id: UUID, delivery_id: UUID) -> AnyRow:
    with database.read() as connection:
        found = webhook_log.get(connection, webhook_id, delivery_id)
    assert found is not None
    return found


def replay(database: Database, webhook_id: UUID, delivery_id: UUID) -> None:
    with database.begin() as connection:
        webhook_log.replay(connection, webhook_id, delivery_id)


def test_what_is_left_out_of_a_change_stays(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    have_failed(database, webhook_id)
    before = row_of(database, webhook_id)
    assert change(database, workspace_id, webhook_id, WebhookChange()) == before
    changed = change(database, workspace_id, webhook_id, WebhookChange(types=["email.sent"]))
    assert changed.types == ["email.sent"]
    assert changed.failing_since == before.failing_since


def test_enabling_forgets_the_failures(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    have_failed(database, webhook_id)
    row = change(database, workspace_id, webhook_id, WebhookChange(status=WebhookStatus.ENABLED))
    assert (row.status, row.reason, row.failing_since, row.hinted_at) == ("enabled", None, None, None)


def test_another_endpoint_has_not_failed_yet(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    have_failed(database, webhook_id)
    row = change(database, workspace_id, webhook_id, WebhookChange(endpoint=ENDPOINT))
    assert row.failing_since is not None  # the same one
    row = change(database, workspace_id, webhook_id, WebhookChange(endpoint="https://example.org/"))
    assert (row.endpoint, row.status, row.reason, row.failing_since) == (
        "https://example.org/",
        "disabled",
        "it failed",
        None,
    )


def test_who_disables_a_webhook_needs_no_reason(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    have_failed(database, webhook_id)
    row = change(database, workspace_id, webhook_id, WebhookChange(status=WebhookStatus.DISABLED))
    assert (row.status, row.reason) == ("disabled", None)


def test_the_previous_secret_ends_a_day_later(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    with database.begin() as connection:
        webhooks.rotate(connection, held(connection, workspace_id, webhook_id), "new", previous="sealed")
        now = connection.execute(select(Now())).scalar_one()
    row = row_of(database, webhook_id)
    assert (row.secret, row.previous_secret) == ("new", "sealed")
    assert abs(row.previous_secret_ends_at - now - timedelta(hours=24)) < timedelta(seconds=5)
    with database.begin() as connection:
        webhooks.rotate(connection, held(connection, workspace_id, webhook_id), "newer", previous=None)
    row = row_of(database, webhook_id)
    assert (row.secret, row.previous_secret, row.previous_secret_ends_at) == ("newer", None, None)


def test_a_list_holds_no_secret(database: Database, workspace_id: UUID) -> None:
    add(database, workspace_id)
    with database.read() as connection:
        [row], _ = webhooks.page(connection, workspace_id, Slice(None))
    assert "secret" not in row._mapping


def test_another_workspace_finds_nothing(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    with database.begin() as connection:
        assert webhooks.get(connection, uuid4(), webhook_id) is None
        assert webhooks.hold(connection, uuid4(), webhook_id) is None
        assert webhooks.page(connection, uuid4(), Slice(None)) == ([], False)


def test_many_that_add_at_once_stay_within_the_limit(mariadb_database: Database) -> None:
    with mariadb_database.begin() as connection:
        workspace_id = workspaces.add(connection, "one")
        rows = [
            {
                "id": new_id(),
                "workspace_id": workspace_id,
                "endpoint": ENDPOINT,
                "types": None,
                "status": "enabled",
                "secret": "sealed",
            }
            for _ in range(MAX_WEBHOOKS - 2)
        ]
        connection.execute(insert(Webhook), rows)
    added: list[UUID | None] = []
    together = threading.Barrier(8)

    def add_one() -> None:
        together.wait()
        with mariadb_database.begin() as connection:
            added.append(webhooks.add(connection, workspace_id, endpoint=ENDPOINT, types=["email.sent"], secret="s"))

    threads = [threading.Thread(target=add_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(added) == 8
    assert len([one for one in added if one is not None]) == 2


def test_a_new_delivery_is_pending_and_due(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    delivery_id = deliver(database, workspace_id, webhook_id)
    found = shown(database, webhook_id, delivery_id)
    assert (found.status, found.type) == ("pending", "domain.created")
    assert found.next_attempt_at == delivery(database, delivery_id).due_at


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"state": "success", "due_at": None}, "success"),
        ({"state": "failed", "due_at": None}, "failed"),
        ({"lease_token": new_id(), "due_at": Now(60)}, "attempting"),
    ],
)
def test_no_next_attempt_is_told_where_none_is_to_come(
    database: Database, workspace_id: UUID, values: dict[str, object], status: str
) -> None:
    webhook_id = add(database, workspace_id)
    delivery_id = deliver(database, workspace_id, webhook_id)
    set_delivery(database, delivery_id, **values)
    found = shown(database, webhook_id, delivery_id)
    assert (found.status, found.next_attempt_at) == (status, None)


def test_a_lease_that_has_ended_is_pending_again(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    delivery_id = deliver(database, workspace_id, webhook_id)
    set_delivery(database, delivery_id, lease_token=new_id(), due_at=Now(-1))
    found = shown(database, webhook_id, delivery_id)
    assert found.status == "pending"
    assert found.next_attempt_at is not None


def test_nothing_is_to_come_while_the_webhook_is_disabled(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    delivery_id = deliver(database, workspace_id, webhook_id)
    change(database, workspace_id, webhook_id, WebhookChange(status=WebhookStatus.DISABLED))
    found = shown(database, webhook_id, delivery_id)
    assert (found.status, found.next_attempt_at) == ("pending", None)


def test_a_delivery_is_found_by_its_own_webhook_only(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    delivery_id = deliver(database, workspace_id, webhook_id)
    other = add(database, workspace_id)
    with database.read() as connection:
        assert webhook_log.get(connection, other, delivery_id) is None
        assert webhook_log.page(connection, other, Slice(20)) == ([], False)


@pytest.mark.parametrize(
    "values",
    [
        {"state": "success", "due_at": None, "attempts": 1},
        {"state": "failed", "due_at": None, "attempts": 8},
        {"due_at": Now(36_000), "attempts": 7},
        {"lease_token": new_id(), "due_at": Now(-1), "attempts": 3},
    ],
)
def test_a_replay_is_due_now_and_counted_anew(
    database: Database, workspace_id: UUID, values: dict[str, object]
) -> None:
    webhook_id = add(database, workspace_id)
    delivery_id = deliver(database, workspace_id, webhook_id)
    set_delivery(database, delivery_id, **values)
    with database.begin() as connection:
        connection.execute(update(Webhook).values(hinted_at=Now()))
    replay(database, webhook_id, delivery_id)
    row = delivery(database, delivery_id)
    assert (row.state, row.attempts, row.lease_token) == ("pending", 0, None)
    assert row.due_at <= row.now
    assert row_of(database, webhook_id).hinted_at is None


def test_what_is_being_attempted_is_left_to_that_attempt(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    delivery_id = deliver(database, workspace_id, webhook_id)
    token = new_id()
    set_delivery(database, delivery_id, lease_token=token, due_at=Now(60), attempts=2)
    replay(database, webhook_id, delivery_id)
    row = delivery(database, delivery_id)
    assert (row.lease_token, row.attempts) == (token, 2)
    assert row.due_at > row.now


def test_a_replay_reaches_for_nothing_of_another_webhook(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    delivery_id = deliver(database, workspace_id, webhook_id)
    set_delivery(database, delivery_id, state="success", due_at=None)
    replay(database, add(database, workspace_id), delivery_id)
    assert delivery(database, delivery_id).state == "success"


def test_pages_of_events_and_attempts(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    ids = [deliver(database, workspace_id, webhook_id) for _ in range(3)][::-1]
    tries = [new_id() for _ in range(3)]
    rows = [{"id": one, "delivery_id": ids[0], "status_code": 500, "took_milliseconds": 1} for one in tries]
    with database.begin() as connection:
        connection.execute(insert(WebhookAttempt), rows)
    with database.read() as connection:
        page, has_more = webhook_log.page(connection, webhook_id, Slice(2))
        assert ([row.id for row in page], has_more) == (ids[:2], True)
        page, has_more = webhook_log.page(connection, webhook_id, Slice(2, after=ids[1]))
        assert ([row.id for row in page], has_more) == (ids[2:], False)
        page, has_more = webhook_log.page(connection, webhook_id, Slice(2, before=ids[2]))
        assert ([row.id for row in page], has_more) == (ids[:2], False)
        page, has_more = webhook_log.attempts(connection, ids[0], Slice(2, after=tries[2]))
        assert ([row.id for row in page], has_more) == ([tries[1], tries[0]], False)
        assert webhook_log.attempts(connection, ids[1], Slice(2)) == ([], False)


def test_a_deleted_webhook_leaves_its_deliveries_behind(database: Database, workspace_id: UUID) -> None:
    webhook_id = add(database, workspace_id)
    delivery_id = deliver(database, workspace_id, webhook_id)
    with database.begin() as connection:
        webhooks.remove(connection, held(connection, workspace_id, webhook_id))
        assert webhooks.get(connection, workspace_id, webhook_id) is None
        assert webhook_log.get(connection, webhook_id, delivery_id) is None
    assert delivery(database, delivery_id).state == "pending"
