"""A worker that dies while it posts, and one that is told to stop: every event arrives."""

from collections import Counter
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from postroom_acceptance.stack import Stack
from postroom_database.engine import Database
from postroom_database.models import WebhookDelivery
from postroom_database.repositories import timelines
from postroom_testing.server import wait_until
from postroom_testing.webhook_receiver import Answer, WebhookReceiver
from postroom_testing.webhooks import SECRET_KEYS, add_webhook

EVENTS = 100


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as server:
        yield server


@pytest.fixture
def stack(mariadb_url: str, redis_url: str) -> Iterator[Stack]:
    environment = {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_MAIL_URL": "inbox:",
        "POSTROOM_SECRET_KEY": SECRET_KEYS[0],
        "POSTROOM_EGRESS_ALLOW": "127.0.0.0/8",
        "POSTROOM_WEBHOOK_TIMEOUT_SECONDS": "5",
        "POSTROOM_HINT_AGE_SECONDS": "2",
    }
    with Stack(environment, names=("worker", "scheduler")) as running:
        yield running


@pytest.fixture
def database(stack: Stack, mariadb_url: str) -> Iterator[Database]:
    opened = Database(mariadb_url)
    yield opened
    opened.close()


def tell(database: Database, workspace_id: UUID) -> None:
    with database.begin() as connection:
        for number in range(EVENTS):
            timelines.tell(connection, workspace_id, "domain.updated", {"object": "domain", "number": number})


def succeeded(database: Database) -> int:
    with database.read() as connection:
        wanted = select(func.count()).where(WebhookDelivery.state == "success")
        return connection.execute(wanted).scalar_one()


def counted(receiver: WebhookReceiver) -> Counter[str]:
    return Counter(request.id for request in list(receiver.requests))


def test_what_a_killed_worker_was_posting_is_posted_again(
    stack: Stack, database: Database, receiver: WebhookReceiver
) -> None:
    workspace_id = uuid4()
    receiver.answers["/"] = Answer(waits_for=lambda: len(receiver.requests) < 24)
    add_webhook(database, workspace_id, endpoint=receiver.url())
    tell(database, workspace_id)
    wait_until(lambda: len(receiver.requests) == 24, seconds=30, what="requests that are not answered")
    stack.kill("worker")
    receiver.answers.clear()
    stack.start("worker")
    wait_until(lambda: succeeded(database) == EVENTS, seconds=60, what="all events after the leases ended")
    came = counted(receiver)
    assert len(came) == EVENTS
    assert 1 <= sum(count - 1 for count in came.values()) <= 8


def test_a_worker_that_is_told_to_stop_leaves_nothing_half_done(
    stack: Stack, database: Database, receiver: WebhookReceiver
) -> None:
    workspace_id = uuid4()
    stopping = False
    receiver.answers["/"] = Answer(waits_for=lambda: stopping or len(receiver.requests) < 24)
    add_webhook(database, workspace_id, endpoint=receiver.url())
    tell(database, workspace_id)
    wait_until(lambda: len(receiver.requests) == 24, seconds=30, what="requests that are not answered")
    stopping = True
    assert stack.stop("worker") == 0
    before = succeeded(database)
    assert before == len(receiver.requests) < EVENTS
    stack.start("worker")
    wait_until(lambda: succeeded(database) == EVENTS, seconds=30, what="the rest")
    assert set(counted(receiver).values()) == {1}
