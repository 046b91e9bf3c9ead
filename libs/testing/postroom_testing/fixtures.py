"""Pytest fixtures; a `conftest.py` imports those it wants by name.

Servers live as long as the test session; what a test gets is empty, and the server is up again even when the
test before stopped, paused or killed it.
"""

from collections.abc import Iterator

import pytest

from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.server import Server
from postroom_testing.ses import SesServer
from postroom_testing.smtp import SmtpServer
from postroom_testing.sns import SnsServer
from postroom_testing.sqs import SqsServer


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    # On a port: PyMySQL leaves a unix socket open that it could not connect, which a later test would be blamed for.
    with MariaDb(tcp=True) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    with Redis() as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb: MariaDb) -> Iterator[str]:
    revive(mariadb)
    url = mariadb.fresh_database()
    yield url
    revive(mariadb)
    mariadb.drop_database(url)


@pytest.fixture
def redis_url(redis_server: Redis) -> Iterator[str]:
    revive(redis_server)
    redis_server.flush()
    yield redis_server.url
    revive(redis_server)


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch) -> Iterator[SesServer]:
    """An SES together with credentials in the environment that it takes; no other place is asked for any."""
    _give_credentials(monkeypatch)
    with SesServer() as server:
        yield server


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="session")
def sns_server() -> Iterator[SnsServer]:
    with SnsServer() as server:
        yield server


@pytest.fixture
def sns(sns_server: SnsServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SnsServer]:
    """An SNS that this process trusts, and that nobody has asked for anything yet."""
    documents = dict(sns_server.documents)
    sns_server.requests.clear()
    sns_server.confirmed.clear()
    sns_server.subscriptions.clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(sns_server.authority))
    yield sns_server
    sns_server.documents, sns_server.status = documents, 200


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[SqsServer]:
    """A queue together with credentials in the environment that it takes."""
    _give_credentials(monkeypatch)
    with SqsServer() as server:
        yield server


def revive(server: Server) -> None:
    if server.running:
        server.resume()
    server.start()


def _give_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-tests")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
