"""SES takes a mail and never says so: its own events, by SNS, say it, and the mail is sent exactly once."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import select

from postroom_acceptance.load import Load, singles
from postroom_acceptance.stack import Stack
from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import Behaviour
from postroom_testing.sns import SnsServer
from postroom_testing.sns_publisher import SnsPublisher

MAILS = 12
SECONDS = 60


@pytest.fixture
def database(mariadb_url: str) -> Iterator[Database]:
    opened = Database(mariadb_url)
    yield opened
    opened.close()


@pytest.fixture
def environment(
    mariadb_url: str, redis_url: str, sns: SnsServer, ses_environment: tuple[SesServer, dict[str, str]]
) -> dict[str, str]:
    server, credentials = ses_environment
    server.mails.clear()
    return (
        credentials
        | sns.environment()
        | {
            "POSTROOM_DATABASE_URL": mariadb_url,
            "POSTROOM_REDIS_URL": redis_url,
            "POSTROOM_MAIL_TIMEOUT_SECONDS": "2",
            "POSTROOM_LEASE_SECONDS": "9",
            # Longer than the test: whatever is settled, SES's events have settled it.
            "POSTROOM_UNKNOWN_WAIT_SECONDS": "600",
        }
    )


def states(database: Database) -> dict[UUID, tuple[str, str]]:
    with database.read() as connection:
        return {row.id: (row.state, row.last_event) for row in connection.execute(select(Email.__table__))}


@pytest.mark.parametrize("silence", [Behaviour.HANG_AFTER, Behaviour.DROP_AFTER])
def test_what_ses_never_answered_its_events_settle(
    environment: dict[str, str],
    ses_environment: tuple[SesServer, dict[str, str]],
    sns: SnsServer,
    database: Database,
    silence: Behaviour,
) -> None:
    server, _ = ses_environment
    server.script(*[silence] * MAILS)
    with Stack(environment) as stack, SnsPublisher(sns, [f"{stack.url}/hooks/ses"]) as publisher:
        load = Load(stack.urls, stack.new_key("one"), singles(MAILS))
        load.start()
        load.join()
        wait_until(
            lambda: [state for state, _ in states(database).values()] == ["unknown"] * MAILS,
            seconds=SECONDS,
            what="the worker to know of no outcome",
        )
        for mail in list(server.mails):
            publisher.publish_mail(mail)
        publisher.wait_idle(SECONDS)
        wait_until(
            lambda: set(states(database).values()) == {("sent", "delivered")},
            seconds=2,
            what="the worker to account what the api has kept",
        )
        assert sorted(mail.tags["postroom_email_id"] for mail in server.mails) == sorted(load.accepted.values())
        wait_until(
            lambda: sum('"event.accounted"' in line for line in stack.lines("worker")) == 2 * MAILS,
            seconds=SECONDS,
            what="every event to be logged",
        )
