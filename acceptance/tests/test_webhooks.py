"""Many webhooks, some of them ill, with scheduler and worker as they are in production."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import IPv4Network
from uuid import UUID, uuid4

import dramatiq
import pytest

from postroom_database.engine import Database
from postroom_database.repositories import measuring, timelines
from postroom_domain.sealing import Seal
from postroom_egress.fetch import Egress
from postroom_health.backing_service import BackingService
from postroom_jobs.broker import open_broker
from postroom_jobs.hints import Hints
from postroom_jobs.names import ALONE, DELIVER, PROVIDER, SLOW_WEBHOOKS, WEBHOOKS, Job
from postroom_migrations.migrate import migrate
from postroom_scheduler.sweeps import hint_webhooks
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until
from postroom_testing.webhook_receiver import Answer, WebhookReceiver
from postroom_testing.webhooks import SECRET_KEYS, add_webhook
from postroom_worker.lanes import Lanes
from postroom_worker.patience import Patience
from postroom_worker.webhook_work import WebhookWork

REQUEST_SECONDS = 10.0
AGE_SECONDS = 2.0
THREADS = 8
LOOPBACK = (IPv4Network("127.0.0.0/8"),)


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as server:
        yield server


@pytest.fixture
def database(mariadb_url: str) -> Iterator[Database]:
    opened = Database(mariadb_url, pool_size=40)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def running(database: Database, redis_url: str, receiver: WebhookReceiver) -> Iterator[None]:
    """The worker's lanes with their actors, and a scheduler that hints.

    It ends before the receiver does, which has by then let go of the requests that it held.
    """
    stopping = threading.Event()
    broker = open_broker(redis_url, timeout_seconds=5)
    work = WebhookWork(
        database,
        Egress(LOOPBACK, REQUEST_SECONDS),
        Seal(SECRET_KEYS, "webhook"),
        Patience(BackingService("database"), stopping),
        REQUEST_SECONDS,
    )

    def declare(job: Job, act: Callable[[list[UUID]], None]) -> None:
        dramatiq.actor(broker=broker, actor_name=job.actor, queue_name=job.queue)(
            lambda texts: act([UUID(text) for text in texts])
        )

    for job in (*DELIVER.values(), ALONE, PROVIDER):
        declare(job, lambda _: None)
    declare(WEBHOOKS, work.work)
    declare(SLOW_WEBHOOKS, work.work_slowly)
    lanes = Lanes(broker, BackingService("redis"), THREADS, None)
    hints = Hints(open_broker(redis_url, timeout_seconds=5), mark=1000)

    def sweep() -> None:
        while not stopping.wait(0.5):
            hint_webhooks(database, hints, AGE_SECONDS)

    scheduler = threading.Thread(target=sweep)
    scheduler.start()
    lanes.start()
    yield
    stopping.set()
    receiver.answers.clear()
    scheduler.join()
    lanes.stop()
    broker.client.close()


def tell(database: Database, workspaces: list[UUID], count: int = 1) -> None:
    for workspace in workspaces:
        with database.begin() as connection:
            for number in range(count):
                timelines.tell(connection, workspace, "domain.updated", {"object": "domain", "number": number})


def paths(receiver: WebhookReceiver, start: str) -> set[str]:
    return {request.path for request in list(receiver.requests) if request.path.startswith(start)}


def test_endpoints_that_hang_delay_no_healthy_one(database: Database, receiver: WebhookReceiver, running: None) -> None:
    """As many hang as there are threads; what is posted to the healthy ones then does not wait for them."""
    hanging = [f"/hanging/{number}" for number in range(THREADS)]
    for path in hanging:
        receiver.answers[path] = Answer(hangs=True)
    ill = [uuid4() for _ in hanging]
    for workspace, path in zip(ill, hanging, strict=True):
        add_webhook(database, workspace, endpoint=receiver.url(path))
    tell(database, ill, 30)
    slow = "the hanging ones to be known as such"
    wait_until(lambda: _failing(database) == THREADS, seconds=REQUEST_SECONDS + 20, what=slow)

    well = [uuid4() for _ in range(100)]
    for number, workspace in enumerate(well):
        add_webhook(database, workspace, endpoint=receiver.url(f"/healthy/{number}"))
    for _ in range(3):
        receiver.requests.clear()
        began = time.monotonic()
        tell(database, well)
        wait_until(lambda: len(paths(receiver, "/healthy/")) == 100, seconds=REQUEST_SECONDS, what="all healthy ones")
        took = time.monotonic() - began
        print(f"100 healthy webhooks told after {took:.1f} s while {THREADS} hang")  # noqa: T201 - the figure
        assert took < REQUEST_SECONDS


def test_one_endpoint_that_begins_to_hang_delays_nobody(
    database: Database, receiver: WebhookReceiver, running: None
) -> None:
    receiver.answers["/hanging"] = Answer(hangs=True)
    ill, well = [uuid4()], [uuid4() for _ in range(100)]
    add_webhook(database, ill[0], endpoint=receiver.url("/hanging"))
    for number, workspace in enumerate(well):
        add_webhook(database, workspace, endpoint=receiver.url(f"/healthy/{number}"))
    tell(database, ill, 100)
    wait_until(lambda: paths(receiver, "/hanging") != set(), seconds=10, what="the first request that hangs")
    began = time.monotonic()
    tell(database, well)
    wait_until(lambda: len(paths(receiver, "/healthy/")) == 100, seconds=REQUEST_SECONDS, what="all healthy ones")
    took = time.monotonic() - began
    print(f"100 healthy webhooks told after {took:.1f} s while one began to hang")  # noqa: T201 - the figure
    assert took < REQUEST_SECONDS


def test_every_event_arrives_when_redis_forgets_all(
    database: Database, receiver: WebhookReceiver, running: None, redis_server: Redis
) -> None:
    workspaces = [uuid4() for _ in range(20)]
    for number, workspace in enumerate(workspaces):
        add_webhook(database, workspace, endpoint=receiver.url(f"/{number}"))
    for _ in range(10):
        tell(database, workspaces)
        redis_server.flush()
    wait_until(lambda: len({one.id for one in list(receiver.requests)}) == 200, seconds=30, what="all events")


def test_how_many_deliveries_a_second_one_webhook_gets(
    database: Database, receiver: WebhookReceiver, running: None
) -> None:
    workspace = uuid4()
    add_webhook(database, workspace, endpoint=receiver.url("/one"))
    began = time.monotonic()
    tell(database, [workspace], 500)
    wait_until(lambda: len(receiver.requests) == 500, seconds=60, what="all events")
    rate = 500 / (time.monotonic() - began)
    print(f"{rate:.0f} deliveries a second to one webhook on {os.cpu_count()} cores")  # noqa: T201 - the figure
    assert rate > 20


def _failing(database: Database) -> int:
    with database.read() as connection:
        return measuring.webhooks(connection)["failing"]
