"""A Redis that forgets everything: all mail arrives."""

from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from postroom_acceptance.load import Load, singles
from postroom_acceptance.stack import Stack
from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer

MAILS = 500
THREADS = 4


@pytest.fixture
def environment(
    mariadb_url: str, redis_url: str, ses_environment: tuple[SesServer, dict[str, str]]
) -> Iterator[dict[str, str]]:
    server, credentials = ses_environment
    server.mails.clear()
    yield credentials | {
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_WORKER_THREADS": str(THREADS),
        # Short, so that the test need not wait for minutes; the rules are the same.
        "POSTROOM_MAIL_TIMEOUT_SECONDS": "2",
        "POSTROOM_LEASE_SECONDS": "9",
        "POSTROOM_UNKNOWN_WAIT_SECONDS": "2",
        "POSTROOM_HINT_AGE_SECONDS": "5",
    }
    server.latency_seconds = 0.0


def subjects(server: SesServer) -> Counter[str]:
    return Counter(
        next(line for line in mail.raw.split(b"\r\n") if line.startswith(b"Subject: ")).decode()
        for mail in server.mails
    )


def wait_for_all(server: SesServer, stack: Stack) -> Counter[str]:
    try:
        wait_until(lambda: len(subjects(server)) == MAILS, seconds=120, what=f"all {MAILS} mails")
    except TimeoutError as problem:
        raise AssertionError(f"{problem}: {len(subjects(server))} came\n{stack.tail()}") from None
    return subjects(server)


def test_a_redis_that_forgets_everything_loses_nothing(
    environment: dict[str, str],
    ses_environment: tuple[SesServer, dict[str, str]],
    redis_server: Redis,
    mariadb: MariaDb,
) -> None:
    server, _ = ses_environment
    server.latency_seconds = 0.1
    database = Database(environment["POSTROOM_DATABASE_URL"])
    with Stack(environment) as stack:
        load = Load(stack.urls, stack.new_key("one"), singles(MAILS))
        load.start()
        load.join()
        with database.read() as connection:
            queued = connection.execute(
                select(func.count()).select_from(Email).where(Email.state == "queued")
            ).scalar_one()
        assert queued >= 200
        redis_server.flush()
        came = wait_for_all(server, stack)
    database.close()
    print(f"forgot all hints while {queued} were queued: {len(came)} mails arrived")  # noqa: T201 - the figure
    assert sum(came.values()) == MAILS
