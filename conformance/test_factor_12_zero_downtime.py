"""The newest migration as a deploy meets it: the previous release works on the new schema, and the new one takes over.

Nothing is made up. This release's migrations make the schema; the previous release is the commit that git names, built
by its own Pants from its own lock. Both run from the PEX files that are shipped.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from postroom_acceptance.arrivals import in_ses
from postroom_acceptance.load import Load, singles, subject_of
from postroom_acceptance.stack import SERVICES, Stack
from postroom_api_testing.exchange import exchange
from postroom_api_testing.process import prepare
from postroom_conformance.artifacts import Artifacts
from postroom_conformance.claims import proves, violates
from postroom_conformance.fixtures import Evidence
from postroom_conformance.previous_release import build, find_previous
from postroom_database.schema import REVISION
from postroom_testing.mariadb import MariaDb
from postroom_testing.redis import Redis
from postroom_testing.server import wait_until
from postroom_testing.ses import SesServer
from postroom_testing.ses_messages import AcceptedMail
from postroom_testing.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.timeout(600)  # where nothing is cached, another release's libraries are installed
PER_SECOND = 25
CLIENTS = 6
PHASE = 100
"""Mails that are accepted while the previous release runs, while both do, and while the new one does."""
LATER = 20
"""Mails that the previous release accepts for a time at which it is about to go."""
LATER_SECONDS = 15
SECONDS = 60

_COLUMNS = """
SELECT table_name, column_name, column_type, is_nullable, column_default, character_set_name, collation_name, extra
FROM information_schema.columns WHERE table_schema = DATABASE()
"""
_INDEXES = """
SELECT table_name, CONCAT('index ', index_name, ' ', seq_in_index), column_name, non_unique
FROM information_schema.statistics WHERE table_schema = DATABASE()
"""

Table = dict[str, tuple[object, ...]]
Schema = dict[str, Table]
"""What each column and each index of each table is."""


@dataclass(frozen=True)
class Deploy:
    """The previous release at work on a database that the new one's admin has migrated.

    Attributes:
        commit: of the previous release, or its tag.
        built_seconds: how long its PEX files took.
        before: its services.
        made: what its own migrations make of an empty database.
        release: its newest migration.
        key: that both releases take.
    """

    commit: str
    built_seconds: float
    new: Artifacts
    before: Stack
    made: Schema
    release: str
    environment: dict[str, str]
    ses: SesServer
    key: str


@pytest.fixture(scope="module")
def deploy(mariadb: MariaDb, redis_server: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deploy]:
    checkout, started = Path(os.environ["POSTROOM_CHECKOUT"]), time.monotonic()
    commit = find_previous(checkout, REVISION)
    previous, new = build(checkout, commit, tmp_path_factory.mktemp("previous")), Artifacts(Path())
    built_seconds = time.monotonic() - started
    with SesServer() as ses:
        ses.max_send_rate = 10_000.0
        environment = {
            "PEX_ROOT": str(tmp_path_factory.mktemp("pex")),
            "POSTROOM_REDIS_URL": redis_server.url,
            "POSTROOM_MAIL_URL": ses.mail_url(),
            "POSTROOM_EGRESS_ALLOW": "127.0.0.0/8",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        own = environment | {"POSTROOM_DATABASE_URL": mariadb.fresh_database()}
        Stack(own, names=(), command=previous.command).admin("migrate")
        made = read_schema(mariadb, own["POSTROOM_DATABASE_URL"])
        [(release,)] = execute(mariadb, own["POSTROOM_DATABASE_URL"], "SELECT version_num FROM alembic_version")
        environment["POSTROOM_DATABASE_URL"] = mariadb.fresh_database()
        Stack(environment, names=(), command=new.command).admin("migrate")
        _, key = prepare(environment["POSTROOM_DATABASE_URL"])
        with Stack(environment, command=previous.command) as before:
            yield Deploy(commit, built_seconds, new, before, made, str(release), environment, ses, key)


@pytest.fixture
def url(deploy: Deploy) -> str:
    """Of the database."""
    return deploy.environment["POSTROOM_DATABASE_URL"]


@proves(
    "The schema that this release's `migrate` makes differs from that which the release before makes itself, and says"
    " that it serves that one."
)
def test_the_schema_serves_the_release_before_the_newest_migration(
    deploy: Deploy, mariadb: MariaDb, url: str, evidence: Evidence
) -> None:
    changed = compare(deploy.made, read_schema(mariadb, url))
    [(oldest,)] = execute(mariadb, url, "SELECT oldest FROM served_releases")
    assert_served(str(oldest), deploy.release)
    evidence(f"the release before {REVISION} is {deploy.commit}, built in {deploy.built_seconds:.0f} s")
    evidence(
        f"tables that differ between {deploy.release} and {REVISION}: {', '.join(changed)}; served from {oldest} on"
    )


@proves(
    "The release before works on that schema, and hands over to this one under load: no request fails, no mail is lost"
    " or comes twice, and a webhook is told of each."
)
def test_the_release_before_hands_over_under_load(deploy: Deploy, evidence: Evidence) -> None:
    before, port = deploy.before, deploy.before.port("api")
    slots = [before.url, before.url]  # what a load balancer knows
    load = Load(slots, deploy.key, singles(100_000), per_second=PER_SECOND, clients=CLIENTS)
    with WebhookReceiver() as receiver:
        post(port, deploy.key, "/webhooks", {"endpoint": receiver.url(), "events": ["email.sent"]})
        load.start()
        try:
            wait_for_mails(load, PHASE)
            alone = len(load.accepted)
            due = {"scheduled_at": (datetime.now(UTC) + timedelta(seconds=LATER_SECONDS)).isoformat()}
            later = [post(port, deploy.key, "/emails", mail(f"later {n}") | due)["id"] for n in range(LATER)]
            with Stack(deploy.environment, command=deploy.new.command) as after:
                slots[1] = after.url
                wait_for_mails(load, PHASE)
                slots[0] = after.url
                wait_for_mails(load, 2 * CLIENTS)  # so that each client has seen it
                together = len(load.accepted) - alone
                assert [before.stop(name) for name in SERVICES] == [0, 0, 0]
                wait_for_mails(load, PHASE)
                load.stop()
                wanted = [subject_of(number) for number in assert_accepted(load)] + [f"later {n}" for n in range(LATER)]
                assert_arrived(deploy.ses, wanted)
                ids = {*load.accepted.values(), *later}
                wait_until(lambda: told(receiver) >= ids, seconds=SECONDS, what="the webhook to be told of each mail")
        finally:
            load.stop()
    assert_arrived(deploy.ses, wanted)  # nor was any sent again in the end
    assert told(receiver) == ids
    evidence(
        f"{len(wanted)} mails, {alone} of them while only the release before ran, {together} while this one joined it;"
        f" answers {dict(load.answers)}; lost 0, doubled 0; the webhook was told of {len(ids)}"
    )


@violates(test_the_release_before_hands_over_under_load, "a schema without columns that the release before writes")
def test_a_contraction_is_found(deploy: Deploy, mariadb: MariaDb, url: str) -> None:
    """The schema loses what the previous release uses: what the test above goes by must say so."""
    for name in ("api", "worker"):
        deploy.before.start(name)
    deploy.before.wait_ready(("api", "worker"))
    deploy.ses.mails.clear()

    execute(mariadb, url, "ALTER TABLE emails DROP COLUMN first_tried_at")  # its worker writes it
    load = Load([deploy.before.url], deploy.key, singles(3, first=200_000))
    load.start()
    wanted = [subject_of(number) for number in assert_accepted(load)]
    with pytest.raises(AssertionError, match="3 of 3 mails did not arrive"):
        assert_arrived(deploy.ses, wanted, seconds=3)

    execute(mariadb, url, "ALTER TABLE emails DROP COLUMN request_id")  # its api writes it
    load = Load([deploy.before.url], deploy.key, singles(3, first=300_000))
    load.start()
    with pytest.raises(AssertionError, match="500"):
        assert_accepted(load)


@violates(test_the_release_before_hands_over_under_load, "a mail that arrives twice")
def test_a_doubled_mail_is_found() -> None:
    with SesServer() as ses:
        ses.mails += [accepted("mail 1"), accepted("mail 2"), accepted("mail 2")]
        with pytest.raises(AssertionError, match="'mail 2': 2"):
            assert_arrived(ses, ["mail 1", "mail 2"])


@violates(
    test_the_schema_serves_the_release_before_the_newest_migration, "two releases of one schema, which prove nothing"
)
def test_equal_schemas_are_found() -> None:
    schema: Schema = {"emails": {"id": ("binary(16)", "NO")}}
    with pytest.raises(AssertionError, match="both releases have the same schema"):
        compare(schema, {"emails": {"id": ("binary(16)", "NO")}})
    assert compare(schema, {"emails": {"id": ("binary(16)", "YES")}}) == ["emails"]


@violates(test_the_schema_serves_the_release_before_the_newest_migration, "a schema that gave the release before up")
def test_a_schema_for_later_releases_only_is_found() -> None:
    with pytest.raises(AssertionError, match="no release older than 0006"):
        assert_served("0006", "0005")


def compare(old: Schema, new: Schema) -> list[str]:
    """The tables that differ."""
    changed = sorted(table for table in old.keys() | new.keys() if old.get(table) != new.get(table))
    assert changed, f"both releases have the same schema, {REVISION}: the previous one is not what it should be"
    return changed


def assert_served(oldest: str, release: str) -> None:
    assert oldest <= release, (
        f"the schema serves no release older than {oldest}, and {release} is the previous one: what contracts takes"
        " three releases (docs/explanation/schema-changes.md)"
    )


def assert_accepted(load: Load) -> list[int]:
    """The numbers of the mails; every request was answered with 200, the first time."""
    load.join()
    assert load.answers == {"200": len(load.accepted)}
    return sorted(load.accepted)


def assert_arrived(ses: SesServer, wanted: list[str], *, seconds: float = SECONDS) -> None:
    """Each of them, once, and nothing else."""

    def arrived() -> Counter[str]:
        return Counter(arrival.subject for arrival in in_ses(ses)())

    try:
        wait_until(lambda: arrived().keys() >= set(wanted), seconds=seconds, what="the mails")
    except TimeoutError:
        missing = set(wanted) - arrived().keys()
        raise AssertionError(f"{len(missing)} of {len(wanted)} mails did not arrive: {sorted(missing)[:5]}") from None
    assert arrived() == dict.fromkeys(wanted, 1)


def wait_for_mails(load: Load, more: int) -> None:
    wanted = len(load.accepted) + more
    wait_until(lambda: len(load.accepted) >= wanted or not load.running, seconds=SECONDS, what="the load to flow")


def told(receiver: WebhookReceiver) -> set[str]:
    """Ids of the emails of which a webhook was told that they were sent."""
    return {json.loads(request.body)["data"]["email_id"] for request in list(receiver.requests)}


def read_schema(mariadb: MariaDb, url: str) -> Schema:
    schema: Schema = {}
    for question in (_COLUMNS, _INDEXES):
        for table, part, *about in execute(mariadb, url, question):
            schema.setdefault(str(table), {})[str(part)] = tuple(about)
    return schema


def execute(mariadb: MariaDb, url: str, statement: str, *arguments: object) -> tuple[tuple[object, ...], ...]:
    with mariadb.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchall()


def post(port: int, key: str, path: str, body: dict[str, Any]) -> Any:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    answer = exchange(port, "POST", path, body, headers, timeout_seconds=30)
    assert answer.status in {200, 201}, answer
    return answer.json()


def accepted(subject: str) -> AcceptedMail:
    return AcceptedMail("1", "from@example.com", ("to@example.com",), f"Subject: {subject}\r\n\r\n".encode(), {}, None)


def mail(subject: str) -> dict[str, Any]:
    return {"from": "from@example.com", "to": "to@example.com", "subject": subject, "text": "text"}
