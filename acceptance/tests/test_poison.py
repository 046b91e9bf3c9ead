"""One email that takes down every worker that sends it, among many that do not."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from postroom_acceptance.load import Load, recipient_of, singles
from postroom_acceptance.stack import Stack
from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import AcceptedMail

MAILS = 100
POISON = 50
CRASHES = 3


class PoisonedSes(SesServer):
    """The worker that sends the poison is killed before it hears an answer.

    Attributes:
        victim: the process id of the worker.
        doses: how often the poison was sent.
    """

    victim = 0
    doses = 0

    def meet(self, body: dict[str, Any], access_key: str) -> AcceptedMail | None:
        if recipient_of(POISON) not in body["Destination"]["ToAddresses"]:
            return super().meet(body, access_key)
        os.kill(self.victim, signal.SIGKILL)
        self.doses += 1
        return None

    def recipients(self) -> set[str]:
        return {mail.recipients[0] for mail in list(self.mails)}


@pytest.fixture
def ses() -> Iterator[PoisonedSes]:
    with PoisonedSes() as server:
        server.max_send_rate = 10_000.0
        server.latency_seconds = 0.05
        yield server


def test_only_the_poison_is_set_aside(ses: PoisonedSes, mariadb_url: str, redis_url: str) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
        "AWS_EC2_METADATA_DISABLED": "true",
        "POSTROOM_MAIL_URL": ses.mail_url(),
        "POSTROOM_DATABASE_URL": mariadb_url,
        "POSTROOM_REDIS_URL": redis_url,
        "POSTROOM_WORKER_THREADS": "8",
        # Short, so that the test need not wait for minutes; the rules are the same.
        "POSTROOM_MAIL_TIMEOUT_SECONDS": "1",
        "POSTROOM_LEASE_SECONDS": "7",
        "POSTROOM_HINT_AGE_SECONDS": "3",
        "POSTROOM_UNKNOWN_WAIT_SECONDS": "0",
        "POSTROOM_MAX_CRASHES": str(CRASHES),
    }
    database = Database(mariadb_url, pool_size=2, timeout_seconds=5)
    with Stack(environment) as stack:
        ses.victim = stack.pid("worker")
        load = Load(stack.urls, stack.new_key("one"), singles(MAILS))
        load.start()
        for dose in range(1, CRASHES + 1):
            wait_until(lambda dose=dose: ses.doses == dose, seconds=60, what=f"dose {dose}")  # type: ignore[misc]  # bound per dose
            stack.kill("worker")
            stack.start("worker")
            ses.victim = stack.pid("worker")
        load.join()
        wait_until(lambda: len(ses.recipients()) == MAILS - 1, seconds=60, what="all the others")
        wait_until(lambda: len(stack.admin("dead", "list").splitlines()) == 1, seconds=60, what="the poison to be held")
        held = stack.admin("dead", "list")
    with database.read() as connection:
        rows = connection.execute(select(Email.id, Email.state, Email.crashes, Email.held_because)).all()
    database.close()
    poison = load.accepted[POISON]
    assert held.startswith(poison)
    assert [(str(row.id), row.state, row.crashes) for row in rows if row.held_because == "crashed"] == [
        (poison, "held", CRASHES)
    ]
    assert ses.doses == CRASHES
    assert recipient_of(POISON) not in ses.recipients()
    assert {row.state for row in rows if str(row.id) != poison} == {"sent"}
    neighbours = sum(1 for line in stack.lines("scheduler") if '"email.isolated"' in line)
    assert neighbours > CRASHES - 1, "others shared its first crash, or nothing is shown here"
