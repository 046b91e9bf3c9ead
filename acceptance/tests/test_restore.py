"""A backup made while mail goes out, restored elsewhere by the page's own commands, with and without the fence."""

import os
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from postroom_acceptance.arrivals import in_ses
from postroom_acceptance.load import Load, singles
from postroom_acceptance.runbook import Runbook
from postroom_acceptance.stack import Stack
from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_testing.drafts import draft, store
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer

PAGE = Path("docs/how-to/back-up-and-restore.md")
MAILS = 300
SECONDS = 120
ON_ITS_WAY = ("queued", "sending", "unknown", "suspect")


@dataclass(frozen=True)
class Disaster:
    """What is left of a deploy that made its backup in the middle of its work, went on, and is gone.

    Attributes:
        page: restores the backup.
        environment: of the deploy, but for its database.
        key: of a client.
        on_its_way: ids of the mail that was queued or being sent at the backup; all of it has been sent since.
        later: id of an email that was scheduled for another day.
    """

    page: Runbook
    environment: dict[str, str]
    key: str
    on_its_way: set[str]
    later: str

    def stack(self, url: str) -> Stack:
        return Stack(self.environment | {"POSTROOM_DATABASE_URL": url})


def restore(page: Runbook, mariadb: MariaDb, name: str) -> str:
    """The URL of a new database with what was backed up."""
    page.run("Restore", RESTORED=name)
    return mariadb.url_of(name)


def subjects(server: SesServer) -> Counter[str]:
    return Counter(arrival.subject for arrival in in_ses(server)())


def states(url: str) -> dict[str, Any]:
    database = Database(url, pool_size=1, timeout_seconds=5)
    with database.read() as connection:
        rows = connection.execute(select(Email.id, Email.state, Email.held_because, Email.last_event)).all()
    database.close()
    return {str(row.id): row for row in rows}


@pytest.fixture
def disaster(
    ses: SesServer, mariadb: MariaDb, mariadb_url: str, redis_url: str, redis_server: Redis, tmp_path: Path
) -> Disaster:
    ses.max_send_rate = 10_000.0
    ses.latency_seconds = 0.1
    environment = {
        "POSTROOM_MAIL_URL": ses.mail_url(),
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_WORKER_THREADS": "8",
        # Short, so that the test need not wait for minutes; the rules are the same.
        "POSTROOM_MAIL_TIMEOUT_SECONDS": "1",
        "POSTROOM_LEASE_SECONDS": "7",
        "POSTROOM_HINT_AGE_SECONDS": "3",
        "POSTROOM_UNKNOWN_WAIT_SECONDS": "0",
    }
    parts = urlsplit(mariadb_url)
    (tmp_path / "postroom.cnf").write_text(
        f"[client]\nuser = root\nhost = {parts.hostname}\nport = {parts.port}\nprotocol = tcp\n"
    )
    # The page is run in a folder of its own, where a relative path leads nowhere.
    sources = os.pathsep.join(str(Path(path).absolute()) for path in sys.path)
    tools = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": sources,
        "ADMIN": "python -m postroom_admin.main",  # what /app/admin is in an image
    }
    page = Runbook(PAGE, tmp_path, tools)
    with Stack(environment | {"POSTROOM_DATABASE_URL": mariadb_url}) as stack:
        key = stack.new_key("one")
        later = draft(scheduled_at=datetime.now(UTC) + timedelta(days=1), subject="later")
        database = Database(mariadb_url, pool_size=1, timeout_seconds=5)
        store(database, later)
        database.close()
        load = Load(stack.urls, key, singles(MAILS))
        load.start()
        wait_until(lambda: len(ses.mails) >= MAILS // 3, seconds=SECONDS, what="the first mails")
        page.run("Back up", DATABASE=parts.path.removeprefix("/"))
        load.join()
        wait_until(lambda: len(ses.mails) == MAILS, seconds=SECONDS, what="all mails")
    assert set(subjects(ses).values()) == {1}
    redis_server.flush()
    ses.latency_seconds = 0.0
    url = restore(page, mariadb, "looked_at")
    on_its_way = {email_id for email_id, row in states(url).items() if row.state in ON_ITS_WAY}
    mariadb.drop_database(url)
    return Disaster(page, environment, key, on_its_way, str(later.id))


def test_without_the_fence_mail_comes_twice(disaster: Disaster, ses: SesServer, mariadb: MariaDb) -> None:
    """So that the other test is known to see it."""
    url = restore(disaster.page, mariadb, "unfenced")
    with disaster.stack(url):
        wait_until(
            lambda: len(ses.mails) == MAILS + len(disaster.on_its_way), seconds=SECONDS, what="the mails to come again"
        )
    mariadb.drop_database(url)
    twice = sum(count - 1 for count in subjects(ses).values())
    print(f"restored with {len(disaster.on_its_way)} on their way: {twice} mails came twice")  # noqa: T201 - the figure
    assert twice == len(disaster.on_its_way) > 0


def test_with_the_fence_none_does_until_an_operator_says_so(
    disaster: Disaster, ses: SesServer, mariadb: MariaDb
) -> None:
    url = restore(disaster.page, mariadb, "fenced")
    assert disaster.page.run("Verify", POSTROOM_DATABASE_URL=url).rstrip().endswith("it is whole")
    said = disaster.page.run("Fence", POSTROOM_DATABASE_URL=url)
    assert f"\nHeld: {len(disaster.on_its_way)} (" in said
    listed = [line.split()[0] for line in said.splitlines() if " restored " in line]
    assert set(listed) == disaster.on_its_way
    assert len(listed) == len(disaster.on_its_way) > 0
    with disaster.stack(url) as stack:
        new = Load(stack.urls, disaster.key, singles(5, first=MAILS))
        new.start()
        new.join()
        wait_until(lambda: len(ses.mails) == MAILS + 5, seconds=SECONDS, what="new mail")
        assert set(subjects(ses).values()) == {1}

        again, *rest = sorted(disaster.on_its_way)
        stack.admin("dead", "retry", again)
        wait_until(lambda: len(ses.mails) == MAILS + 6, seconds=SECONDS, what="the one that an operator wants again")
        assert stack.admin("dead", "discard", "--all", "--because", "restored", "--yes") == f"Discarded: {len(rest)}."
        assert stack.admin("dead", "list") == ""
        wait_until(lambda: states(url)[again].state == "sent", seconds=SECONDS, what="its outcome to be written")
    stand = states(url)
    mariadb.drop_database(url)
    assert {(stand[one].state, stand[one].last_event) for one in rest} == {("failed", "failed")}
    assert (stand[disaster.later].state, stand[disaster.later].last_event) == ("scheduled", "scheduled")
    assert len(ses.mails) == MAILS + 6
