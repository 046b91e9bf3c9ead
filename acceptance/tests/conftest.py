from collections.abc import Iterator

import pytest

from postroom_acceptance.arrivals import in_inbox, in_ses, in_smtp
from postroom_acceptance.running import Running
from postroom_acceptance.stack import Stack
from postroom_testing.fixtures import mariadb, mariadb_url, redis_server, redis_url, ses, smtp_server, sns, sns_server
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import Behaviour
from postroom_testing.smtp import SmtpServer


@pytest.fixture(scope="module")
def ses_environment() -> Iterator[tuple[SesServer, dict[str, str]]]:
    with SesServer() as server:
        server.max_send_rate = 10_000.0  # who asks for the pace sets it
        yield (
            server,
            {
                "POSTROOM_MAIL_URL": server.mail_url(),
                "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
                "AWS_EC2_METADATA_DISABLED": "true",
            },
        )


@pytest.fixture
def ses_server(ses_environment: tuple[SesServer, dict[str, str]]) -> Iterator[SesServer]:
    """An SES that is well again afterwards, and has taken nothing yet."""
    server, _ = ses_environment
    server.mails.clear()
    server.requests.clear()
    server.max_send_rate = 10_000.0
    yield server
    server.latency_seconds = 0.0
    server.always(Behaviour.ACCEPT)


@pytest.fixture(scope="module", params=["inbox", "smtp", "ses"])
def running(request: pytest.FixtureRequest, mariadb: MariaDb, redis_server: Redis) -> Iterator[Running]:
    """The three services on MariaDB and Redis, once for each transport."""
    redis_server.flush()
    environment = {
        "POSTROOM_DATABASE_URL": mariadb.fresh_database(),
        "POSTROOM_REDIS_URL": redis_server.url,
        "POSTROOM_EGRESS_ALLOW": "127.0.0.0/8",
    }
    if request.param == "ses":
        server, credentials = request.getfixturevalue("ses_environment")
        environment |= credentials
        arrivals = in_ses(server)
        with Stack(environment) as stack:
            yield Running(stack, stack.new_key("one"), arrivals, "ses")
    elif request.param == "smtp":
        with SmtpServer() as smtp, Stack(environment | {"POSTROOM_MAIL_URL": smtp.mail_url()}) as stack:
            yield Running(stack, stack.new_key("one"), in_smtp(smtp), "smtp")
    else:
        with Stack(environment | {"POSTROOM_MAIL_URL": "inbox:"}) as stack:
            yield Running(stack, stack.new_key("one"), in_inbox(stack.url), "inbox")
