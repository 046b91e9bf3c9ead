import json
import os
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from dramatiq import Message
from redis import Redis
from sqlalchemy import text, update

from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.repositories import deliveries, provider_jobs, provider_messages, schedules, timelines
from postroom_database.types import Now
from postroom_domain.ids import new_id
from postroom_domain.lanes import Lane
from postroom_domain.provider_jobs import ProviderJobKind
from postroom_jobs.broker import open_broker
from postroom_jobs.filling import fill
from postroom_jobs.hints import Hints
from postroom_jobs.names import DELIVER
from postroom_testing.drafts import draft, store
from postroom_testing.server import wait_until
from postroom_testing.webhooks import add_webhook

AWAY = "redis://user:hunter2secret@127.0.0.1:1/0"
SECONDS = 60
NOTHING = {"due": 0, "unhinted": 0, "later": 0, "oldest_due_at": None, "in_redis": 0, "room": 1000}


@pytest.fixture
def client(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url, socket_timeout=5) as opened:
        yield opened


def in_redis(client: Redis, queue: str) -> list[str]:
    """Ids in the order in which workers will get them."""
    names = client.lrange(f"postroom:{queue}", 0, -1)
    messages: dict[Any, Any] = client.hgetall(f"postroom:{queue}.msgs")
    return [one for name in names for one in Message.decode(messages[name]).args[0]]


def mail(database: Database, count: int, *, lane: Lane = Lane.INTERACTIVE, **changes: Any) -> list[str]:
    """Emails that were hinted a moment ago, unless told otherwise."""
    drafts = [draft(lane=lane) for _ in range(count)]
    store(database, *drafts)
    if changes:
        ids = [one.id for one in drafts]
        with database.begin() as connection:
            connection.execute(update(Email).where(Email.id.in_(ids)).values(changes))
    return [str(one.id) for one in drafts]


def everything(database: Database) -> dict[str, list[str]]:
    """Something due for each queue, all of it hinted; the ids, by queue."""
    found = {
        "interactive": mail(database, 12),
        "bulk": mail(database, 2, lane=Lane.BULK),
        "alone": mail(database, 1, state="suspect"),
    }
    workspace_id = uuid4()
    with database.begin() as connection:
        job = provider_jobs.add(
            connection, ProviderJobKind.UNSUPPRESS, workspace_id=workspace_id, subject="a@example.com", request_id="r"
        )
        message = provider_messages.keep(connection, "m-1", "{}", request_id="r", hinted=True)
    webhooks: dict[str, dict[str, Any]] = {"webhooks": {}, "slow_webhooks": {"is_slow": True}}
    for queue, values in webhooks.items():
        owner = uuid4()
        found[queue] = [str(add_webhook(database, owner, hinted_at=datetime.now(UTC) - timedelta(seconds=1), **values))]
        with database.begin() as connection:
            timelines.tell(connection, owner, "domain.updated", {"object": "domain"})
    return found | {"provider": [str(job)], "provider_events": [str(message)]}


def by_queue(output: str) -> dict[str, dict[str, Any]]:
    return {one.pop("queue"): one for one in json.loads(output)["queues"]}


def test_what_waits_is_counted(either_admin: Any, either_database: Database) -> None:
    either_admin.environment["POSTROOM_HINT_MARK"] = "1000"
    empty = either_admin("queue", "stats", "--json")
    assert (empty.exit_code, json.loads(empty.stdout)["mail"]) == (0, [])
    for queue, found in by_queue(empty.stdout).items():
        nothing = NOTHING | {"unhinted": None, "later": None} if queue.endswith("webhooks") else NOTHING
        assert found == nothing, queue
    everything(either_database)
    mail(either_database, 3, hinted_at=None)
    mail(either_database, 4, due_at=Now(60))
    mail(either_database, 5, lane=Lane.BULK, state="held")
    mail(either_database, 6, state="sent")
    done = either_admin("queue", "stats", "--json")
    counted = by_queue(done.stdout)
    due = {queue: found["due"] for queue, found in counted.items()}
    assert due == {
        "interactive": 15,
        "bulk": 2,
        "alone": 1,
        "provider": 1,
        "provider_events": 1,
        "webhooks": 1,
        "slow_webhooks": 1,
    }
    assert (counted["interactive"]["unhinted"], counted["interactive"]["later"]) == (3, 4)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[0-9:.]{12}Z", counted["interactive"]["oldest_due_at"])
    assert json.loads(done.stdout)["mail"] == [{"state": "held", "lane": "bulk", "emails": 5}]
    lines = either_admin("queue", "stats").stdout.splitlines()
    assert (lines[0], lines[-2:]) == ("queues", ["mail", "  held       bulk         5"])
    assert re.fullmatch(r"  interactive +due 15 +unhinted 3 +later 4 +in redis 0 +[0-9T:.-]+Z", lines[1])


def test_what_redis_holds_is_counted(admin: Any, database: Database, redis_url: str) -> None:
    admin.environment["POSTROOM_HINT_MARK"] = "100"
    broker = open_broker(redis_url, timeout_seconds=5)
    Hints(broker, 100).give(Lane.BULK, [new_id() for _ in range(12)])
    broker.client.close()
    found = by_queue(admin("queue", "stats", "--json").stdout)["bulk"]
    assert (found["in_redis"], found["room"]) == (20, 80)


def test_what_mysql_knows_is_told_when_redis_is_away(admin: Any, database: Database) -> None:
    admin.environment["POSTROOM_REDIS_URL"] = AWAY
    mail(database, 3)
    done = admin("queue", "stats", "--json")
    assert (done.exit_code, done.stderr) == (69, "Redis does not answer. `doctor` says more.\n")
    found = by_queue(done.stdout)["interactive"]
    assert (found["due"], found["in_redis"], found["room"]) == (3, None, None)
    assert "in redis ?" in admin("queue", "stats").stdout


def test_a_redis_that_lost_all_is_told_of_all_that_is_due(
    either_admin: Any, either_database: Database, client: Redis
) -> None:
    expected = everything(either_database)
    mail(either_database, 1, due_at=Now(60))
    mail(either_database, 1, state="held")
    done = either_admin("queue", "rebuild")
    assert (done.exit_code, done.stdout) == (
        0,
        "Hinted: 19 (12 interactive, 2 bulk, 1 alone, 1 provider, 1 provider_events, 1 webhooks, 1 slow_webhooks).\n",
    )
    assert {queue: in_redis(client, queue) for queue in expected} == expected
    again = either_admin("queue", "rebuild")
    assert (again.exit_code, again.stdout) == (0, "Hinted: 0.\n")
    client.flushall()
    assert either_admin("queue", "rebuild").stdout.startswith("Hinted: 19 (")


def test_redis_is_filled_to_its_mark_in_order_of_due_time(admin: Any, database: Database, client: Redis) -> None:
    admin.environment["POSTROOM_HINT_MARK"] = "250"
    first = mail(database, 245, due_at=Now(-60))
    mail(database, 100)
    done = admin("queue", "rebuild")
    said = "Hinted: 250 (250 interactive).\nAt its mark: interactive. The scheduler tops it up.\n"
    assert (done.exit_code, done.stdout, done.stderr) == (0, said, "interactive: 250 so far\n")
    assert set(in_redis(client, "interactive")[:245]) == set(first)
    assert admin("queue", "rebuild").stdout.startswith("Hinted: 0.\nAt its mark")


def test_what_a_worker_holds_is_left_to_it(admin: Any, database: Database, client: Redis) -> None:
    [sending] = mail(database, 1)
    with database.begin() as connection:
        assert deliveries.claim(connection, UUID(sending), lease_seconds=60)
    assert admin("queue", "rebuild").stdout == "Hinted: 0.\n"
    assert client.keys("*") == []


def test_a_redis_that_is_away_takes_nothing(admin: Any, database: Database, client: Redis) -> None:
    admin.environment["POSTROOM_REDIS_URL"] = AWAY
    mail(database, 3)
    done = admin("queue", "rebuild")
    assert (done.exit_code, done.stdout) == (69, "")
    assert done.stderr == "Redis does not answer. `doctor` says more.\n"
    assert client.keys("*") == []


def test_stopped_it_says_what_it_did_and_goes_on_when_run_again(admin: Any, database: Database, client: Redis) -> None:
    ids = mail(database, 150)
    with database.begin() as connection:
        connection.execute(text("SELECT id FROM emails FOR UPDATE"))
        process = admin.start("queue", "rebuild")

        def waits() -> bool:
            asked = text("SELECT 1 FROM information_schema.processlist WHERE info LIKE 'UPDATE emails SET hinted%'")
            return bool(connection.execute(asked).all())

        wait_until(waits, seconds=SECONDS, what="the command to wait for an email")
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (130, "")
    assert err == "Stopped. What is done stays done: run it again for the rest.\n"
    assert admin("queue", "rebuild").stdout == "Hinted: 150 (150 interactive).\n"
    assert sorted(in_redis(client, "interactive")) == sorted(ids)


def test_what_was_told_a_moment_ago_is_not_told_again(database: Database, redis_url: str) -> None:
    """A worker that fetches while Redis is filled has what it fetched: nothing would ever end otherwise."""
    mail(database, 5, hinted_at=datetime.now(UTC) - timedelta(seconds=1))
    with database.read() as connection:
        begun = schedules.now(connection)
    broker = open_broker(redis_url, timeout_seconds=5)
    hints, job = Hints(broker, 100), DELIVER[Lane.INTERACTIVE]
    assert fill(database, hints, job, age_seconds=0, hinted_before=begun) == 5
    broker.client.flushall()
    assert fill(database, hints, job, age_seconds=0, hinted_before=begun) == 0
    assert fill(database, hints, job, age_seconds=0) == 5
    broker.client.close()
