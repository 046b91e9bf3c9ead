"""A batch that takes two hours: Redis holds a window on it, and no worker is told twice."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from sqlalchemy import insert, select

from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_domain.sealing import Seal
from postroom_egress.fetch import Egress
from postroom_health.backing_service import BackingService
from postroom_jobs.broker import open_broker
from postroom_jobs.hints import Hints
from postroom_jobs.names import DELIVER, Job
from postroom_migrations.migrate import migrate
from postroom_scheduler.sweeps import hint_missing, hint_provider_jobs
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer
from postroom_testing.webhooks import SECRET_KEYS
from postroom_transport.factory import open_provider, open_transport
from postroom_worker.actors import declare_actors
from postroom_worker.delivery import Delivery
from postroom_worker.domain_look import DomainLook
from postroom_worker.lanes import Lanes
from postroom_worker.letters import Letters
from postroom_worker.mail_work import MailWork
from postroom_worker.outcomes import RetryRules
from postroom_worker.pace import Pace
from postroom_worker.patience import Patience
from postroom_worker.provider_work import ProviderWork
from postroom_worker.webhook_work import WebhookWork

EMAILS = 100_000
MARK = 2_000
AGE_SECONDS = 2.0
SECONDS = 12.0


class Recorded(Hints):
    """Hints, and how often each id was given."""

    def __init__(self, broker: RedisBroker, mark: int) -> None:
        super().__init__(broker, mark)
        self.given: Counter[UUID] = Counter()

    def give_to(self, job: Job, ids: Sequence[UUID]) -> None:
        if job is DELIVER[Lane.BULK]:
            self.given.update(ids)
        super().give_to(job, ids)


@pytest.fixture
def database(mariadb_url: str) -> Iterator[Database]:
    opened = Database(mariadb_url, pool_size=20)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def repeat() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Does something again and again, in a thread of its own, until the test ends."""
    stopping = threading.Event()
    threads: list[threading.Thread] = []

    def begin(work: Callable[[], None]) -> None:
        def run() -> None:
            while not stopping.wait(0.1):
                work()

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield begin
    stopping.set()
    for thread in threads:
        thread.join()


@pytest.fixture
def worker(database: Database, redis_url: str, ses: SesServer) -> Iterator[Lanes]:
    """A worker as its main makes it."""
    transport = open_transport(ses.mail_url(), timeout_seconds=5, inbox_store=None)
    provider = open_provider(ses.mail_url(), timeout_seconds=5)
    assert provider is not None
    stopping = threading.Event()
    broker = open_broker(redis_url, timeout_seconds=5)
    letters = Letters(database, Egress(allow=[], timeout_seconds=5))
    delivery = Delivery(database, transport, letters, RetryRules(3600, 300), lease_seconds=30, call_seconds=10)
    pace = Pace(database, redis_url, 0.2)
    look = DomainLook(database, provider, Seal(SECRET_KEYS, "dkim"))
    patience = Patience(BackingService("database"), stopping)
    mail_work = MailWork(database, delivery, pace, patience, stopping, hint_seconds=AGE_SECONDS)
    webhook_work = WebhookWork(database, Egress([], 5), Seal(SECRET_KEYS, "webhook"), patience, stopping, 5)
    declare_actors(broker, mail_work, ProviderWork(database, provider, look, 60), webhook_work, patience)
    lanes = Lanes(broker, BackingService("redis"), 4, pace)
    yield lanes
    stopping.set()
    lanes.stop()
    transport.close()
    provider.close()
    broker.client.close()


def fill(database: Database) -> None:
    row: dict[str, Any] = {
        "workspace_id": uuid4(),
        "state": "queued",
        "last_event": "queued",
        "lane": "bulk",
        "sender": "from@example.com",
        "to_list": ["to@example.com"],
        "cc_list": None,
        "bcc_list": None,
        "reply_to_list": None,
        "subject": "news",
        "headers": None,
        "tags": None,
        "request_id": "batch",
        "hinted_at": None,
        "attempts": 0,
    }
    with database.begin() as connection:
        now: datetime = connection.execute(select(Now())).scalar_one()
        for start in range(EMAILS, 0, -5_000):
            due = [now - timedelta(milliseconds=start - place) for place in range(5_000)]
            rows = [row | {"id": new_id(), "due_at": due_at} for due_at in due]
            connection.execute(insert(Email), rows)


def held(broker: RedisBroker) -> int:
    """Ids in Redis: waiting, or fetched and not done."""
    messages: Any = broker.client.hvals("postroom:bulk.msgs")
    return sum(len(Message.decode(data).args[0]) for data in messages)


def test_a_hundred_thousand_waiting_emails_leave_redis_small_and_are_hinted_once(
    database: Database, redis_url: str, ses: SesServer, worker: Lanes, repeat: Callable[[Callable[[], None]], None]
) -> None:
    fill(database)
    broker = open_broker(redis_url, timeout_seconds=5)
    schedulers = [Recorded(open_broker(redis_url, timeout_seconds=5), MARK) for _ in range(2)]
    most: list[int] = []
    for hints in schedulers:
        repeat(lambda hints=hints: hint_missing(database, hints, AGE_SECONDS))  # type: ignore[misc]  # bound per scheduler
        repeat(lambda hints=hints: hint_provider_jobs(database, hints, AGE_SECONDS))  # type: ignore[misc]  # likewise
    repeat(lambda: most.append(held(broker)))
    wait_until(lambda: max(most, default=0) >= MARK, seconds=20, what="the window to be full")
    worker.start()
    wait_until(lambda: len(ses.mails) >= 14, seconds=10, what="the worker to know the quota")
    sent, started = len(ses.mails), time.monotonic()
    time.sleep(SECONDS)
    rate = (len(ses.mails) - sent) / (time.monotonic() - started)
    given = schedulers[0].given + schedulers[1].given
    twice = sum(count > 1 for count in given.values())
    print(f"{rate:.1f} a second; at most {max(most)} ids in Redis; {len(given)} hinted, {twice} of them twice")  # noqa: T201 - the figure
    assert max(most) <= 2 * MARK
    assert twice == 0
    assert len(given) >= MARK + SECONDS * 5
    assert 7 <= rate <= 14.3
