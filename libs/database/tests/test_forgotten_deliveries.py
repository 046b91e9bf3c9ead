"""An event is forgotten while a worker posts it: nothing of it is left, whoever of the two comes first."""

import threading
import time
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, event, func, select, text

from postroom_database.engine import Database
from postroom_database.models import Event, WebhookAttempt, WebhookDelivery
from postroom_database.repositories import removal, timelines, webhook_posting, webhooks, workspaces
from postroom_database.repositories.webhook_posting import Attempted, ClaimedWebhook, Round
from postroom_testing.server import wait_until

TYPE = "domain.created"


def take(database: Database) -> tuple[ClaimedWebhook, Round, UUID]:
    """A webhook and a delivery in a worker's hands, and the event."""
    with database.begin() as connection:
        workspace_id = workspaces.add(connection, "one")
        webhook_id = webhooks.add(connection, workspace_id, endpoint="https://example.com", types=[TYPE], secret="s")
        assert webhook_id is not None
        timelines.tell(connection, workspace_id, TYPE, {"name": "example.com"})
        event_id: UUID = connection.execute(select(Event.id).where(Event.type == TYPE)).scalar_one()
        webhook = webhook_posting.claim(connection, webhook_id, lease_seconds=60)
        assert webhook is not None
        round_ = webhook_posting.take(connection, webhook, 8, lease_seconds=60)
        assert round_ is not None
    return webhook, round_, event_id


def write(connection: Connection, webhook: ClaimedWebhook, round_: Round) -> None:
    attempted = [Attempted(one, time.monotonic(), 0.1, 200, "one@example.com") for one in round_.deliveries]
    webhook_posting.write(connection, webhook, round_, attempted, is_slow=False)


def left(database: Database) -> list[int]:
    with database.read() as connection:
        tables = (WebhookDelivery, WebhookAttempt)
        return [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def test_the_worker_comes_second(database: Database) -> None:
    webhook, round_, event_id = take(database)
    with database.begin() as connection:
        removal.remove_events(connection, [event_id])
    with database.begin() as connection:
        write(connection, webhook, round_)
    assert left(database) == [0, 0]


def test_the_worker_comes_between(mariadb_database: Database) -> None:
    webhook, round_, event_id = take(mariadb_database)
    written: list[bool] = []

    def write_it() -> None:
        with mariadb_database.begin() as connection:
            write(connection, webhook, round_)
        written.append(True)

    worker = threading.Thread(target=write_it)

    def come(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("DELETE FROM webhook_attempts"):
            worker.start()
            wait_until(lambda: bool(written) or is_waiting(mariadb_database), seconds=10, what="the worker to come")

    with mariadb_database.begin() as connection:
        event.listen(connection, "after_cursor_execute", come)
        removal.remove_events(connection, [event_id])
    worker.join()
    assert left(mariadb_database) == [0, 0]


def is_waiting(database: Database) -> bool:
    """Whether a transaction waits for another one's lock."""
    with database.read() as connection:
        return "LOCK WAIT" in connection.execute(text("SHOW ENGINE INNODB STATUS")).one().Status
