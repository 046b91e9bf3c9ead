"""A look at a workspace that sends a million emails a day reads as much as its few bounces ask for."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy import Connection, select, text

from postroom_database.engine import Database
from postroom_database.repositories import reputations
from postroom_database.types import Now
from postroom_domain.suppressions import Origin
from postroom_migrations.migrate import migrate
from postroom_testing.mariadb import MariaDb

MILLION = 1_000_000
BOUNCES = 2_000
WORKSPACE = uuid4()
# One email a tenth of a second, over the 28 hours before now; each has the id of its number.
FILL = """
    INSERT INTO events (id, workspace_id, email_id, type, data, created_at)
    SELECT UNHEX(LPAD(HEX(seq + :offset), 32, '0')), :workspace, UNHEX(LPAD(HEX(seq), 32, '0')), :type, :data,
           UTC_TIMESTAMP(6) - INTERVAL seq / 10 SECOND
    FROM seq_1_to_1000000 WHERE seq % :each = 0
"""


@pytest.fixture(scope="module")
def filled(mariadb: MariaDb) -> Iterator[Database]:
    """A million sent emails of one workspace; of 2,000 a hard bounce is told."""
    url = mariadb.fresh_database()
    database = Database(url, pool_size=2, timeout_seconds=200)
    migrate(database)
    with database.begin() as connection:
        for happening, data, offset, each in (
            ("email.sent", None, 0, 1),
            ("email.bounced", '{"bounceType":"Permanent"}', MILLION, MILLION // BOUNCES),
        ):
            connection.execute(
                text(FILL),
                {"workspace": WORKSPACE.bytes, "type": happening, "data": data, "offset": offset, "each": each},
            )
        connection.execute(text("ANALYZE TABLE events"))
    yield database
    database.close()
    mariadb.drop_database(url)


def reads(connection: Connection, look: Callable[[], int]) -> tuple[int, int]:
    """What a look found, and how many rows the server read for it."""
    connection.execute(text("FLUSH STATUS"))
    found = look()
    counters = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'")).all()
    return found, sum(int(value) for _, value in counters)


def day_ago(connection: Connection) -> datetime:
    return connection.execute(select(Now(-86_400))).scalar_one()


def test_few_bounces_are_few_reads(filled: Database) -> None:
    with filled.read() as connection:
        since = day_ago(connection)
        found, cost = reads(
            connection,
            lambda: reputations.count_troubled(connection, WORKSPACE, Origin.BOUNCE, since, rows=20_000),
        )
    assert BOUNCES * 0.8 < found < BOUNCES
    assert cost < 6 * BOUNCES


def test_rows_are_bounded(filled: Database) -> None:
    with filled.read() as connection:
        since = day_ago(connection)
        found, cost = reads(
            connection, lambda: reputations.count_troubled(connection, WORKSPACE, Origin.BOUNCE, since, rows=100)
        )
    assert found == 100
    assert cost < 1000


def test_sent_emails_are_read_up_to_the_limit(filled: Database) -> None:
    limit = 20 * BOUNCES
    with filled.read() as connection:
        since = day_ago(connection)
        found, cost = reads(connection, lambda: reputations.count_sent(connection, WORKSPACE, since, limit=limit + 1))
        assert found == limit + 1
        # Once from the index, once from what the limit left.
        assert cost < 2 * limit + 100


def test_the_newest_part_is_found_by_reading_no_more_than_it(filled: Database) -> None:
    with filled.read() as connection:
        since = day_ago(connection)
        connection.execute(text("FLUSH STATUS"))
        moment = reputations.sent_at(connection, WORKSPACE, since, newest=10_000)
        counters = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'")).all()
        newest = connection.execute(
            text("SELECT created_at FROM events WHERE email_id = UNHEX(LPAD(HEX(10000), 32, '0')) LIMIT 1")
        ).scalar_one()
    assert moment is not None
    assert moment.replace(tzinfo=None) == newest
    assert sum(int(value) for _, value in counters) < 10_100
