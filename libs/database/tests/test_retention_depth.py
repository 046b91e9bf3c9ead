"""A batch of retention reads about what it deletes, whatever stands before it: counted by the server itself."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from sqlalchemy import Connection, text

from postroom_database.engine import Database
from postroom_database.repositories import retention
from postroom_database.repositories.retention import Forgotten
from postroom_domain.lanes import Lane
from postroom_domain.states import State
from postroom_migrations.migrate import migrate
from postroom_testing.mariadb import MariaDb

TAKEN = 50
DAY = 86_400.0
SENT = (State.SENT, Lane.BULK)
# What stands there: state, days since it ended, how many, whether it has bodies. The ids are in this order: all that
# must stay is older, by its id, than what may go.
ROWS = [
    ("held", 1000, 600_000, True),
    ("queued", 1000, 300_000, False),
    ("unknown", 1000, 99_000, False),
    ("sent", 60, 200_000, False),  # its bodies were forgotten
    ("sent", 40, 5_000, True),
    ("sent", 10, 100_000, False),
]
EMAILS = """
    INSERT INTO emails (id, workspace_id, state, last_event, lane, sender, to_list, subject, request_id, due_at)
    SELECT UNHEX(LPAD(HEX(seq + {offset}), 32, '0')), UNHEX(REPEAT('0', 32)), '{state}', 'queued', 'bulk',
           'a@example.com', '[]', 's', 'r', UTC_TIMESTAMP(6) - INTERVAL {days} DAY + INTERVAL seq MICROSECOND
    FROM seq_1_to_1000000 WHERE seq <= {count}
"""
CHUNKS = """
    INSERT INTO content_chunks (email_id, part, seq, data)
    SELECT UNHEX(LPAD(HEX(seq + {offset}), 32, '0')), 0, 0, 'text' FROM seq_1_to_1000000 WHERE seq <= {count}
"""
# Events of mail that stays and, behind them, two thousand that happened to no email.
EVENTS = """
    INSERT INTO events (id, workspace_id, email_id, type)
    SELECT UNHEX(LPAD(HEX(seq), 32, '0')), UNHEX(REPEAT('0', 32)),
           IF(seq <= 300000, UNHEX(LPAD(HEX(seq), 32, '0')), NULL), 'email.sent' FROM seq_1_to_302000
"""
# Of those that match no email, of those that wait, and of those that are done.
MESSAGES = """
    INSERT INTO provider_messages (id, result, received_at, due_at)
    SELECT CONCAT('message-', seq), IF(seq <= 200000, 'unmatched', IF(seq <= 300000, 'accounted', 'repeated')),
           UTC_TIMESTAMP(6) - INTERVAL IF(seq > 298000, 20, IF(seq <= 200000, 50, 10)) DAY, NULL FROM seq_1_to_302000
"""
KEYS = """
    INSERT INTO idempotency_keys (workspace_id, endpoint, key_hash, fingerprint, answer, created_at)
    SELECT UNHEX(REPEAT('0', 32)), 'emails', UNHEX(SHA2(seq, 256)), UNHEX(REPEAT('0', 64)), '{}',
           UTC_TIMESTAMP(6) - INTERVAL IF(seq <= 100000, 1, 30) HOUR FROM seq_1_to_102000
"""
SLOTS = """
    INSERT INTO schedule_slots (schedule_id, slot, slot_at, outcome)
    SELECT UNHEX(LPAD(HEX(seq MOD 100), 32, '0')), seq,
           UTC_TIMESTAMP(6) - INTERVAL IF(seq <= 100000, 50, 100) DAY, 'fired' FROM seq_1_to_102000
"""


@pytest.fixture(scope="module")
def filled(mariadb: MariaDb) -> Iterator[Database]:
    url = mariadb.fresh_database()
    database = Database(url, pool_size=2, timeout_seconds=300)
    migrate(database)
    offset = 0
    with database.begin() as connection:
        for state, days, count, has_bodies in ROWS:
            connection.execute(text(EMAILS.format(offset=offset, state=state, days=days, count=count)))
            if has_bodies:
                connection.execute(text(CHUNKS.format(offset=offset, count=count)))
            offset += count
        for fill in (EVENTS, MESSAGES, KEYS, SLOTS):
            connection.execute(text(fill))
        connection.execute(
            text(
                "INSERT INTO retention_marks (name, moment)"
                " VALUES ('bodies:sent:bulk', UTC_TIMESTAMP(6) - INTERVAL 50 DAY)"
            )
        )
        for table in ("emails", "content_chunks", "events", "provider_messages", "idempotency_keys", "schedule_slots"):
            connection.execute(text(f"ANALYZE TABLE {table}"))
    yield database
    database.close()
    mariadb.drop_database(url)


def entries_read(connection: Connection) -> int:
    """Rows that were read, and index entries that were looked at and passed over (index condition pushdown)."""
    rows = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_%'")).all()
    counters = {name: int(value) for name, value in rows}
    passed = counters["Handler_icp_attempts"] - counters["Handler_icp_match"]
    return passed + sum(value for name, value in counters.items() if name.startswith("Handler_read"))


Batch = Callable[[Connection], Forgotten]
# A row is found, locked and deleted, and for each email each table is asked for what belongs to it.
FEW = 12 * TAKEN
BATCHES: dict[str, Batch] = {
    "bodies": partial(retention.bodies, part=SENT, age_seconds=30 * DAY, limit=TAKEN),
    "emails": partial(retention.emails, part=SENT, age_seconds=30 * DAY, limit=TAKEN),
    "other_events": partial(retention.other_events, age_seconds=DAY, limit=TAKEN),
    "accounted_messages": partial(retention.accounted_messages, age_seconds=15 * DAY, limit=TAKEN),
    "idempotency_keys": partial(retention.idempotency_keys, limit=TAKEN),
    "slots": partial(retention.slots, age_seconds=90 * DAY, limit=TAKEN),
}


def test_a_million_emails_stand_there(filled: Database) -> None:
    with filled.read() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM emails")).scalar_one() == sum(row[2] for row in ROWS)
    assert sum(row[2] for row in ROWS if row[0] != "sent") >= 999_000


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_reads_about_what_it_deletes(filled: Database, name: str) -> None:
    for _ in range(3):
        with filled.begin() as connection:
            connection.execute(text("FLUSH STATUS"))
            done = BATCHES[name](connection)
            read = entries_read(connection)
        print(f"{name}: {done.count} deleted, {read} rows read")  # noqa: T201 - the figure
        assert done == Forgotten(TAKEN, more=True)
        assert read <= FEW


def test_a_round_that_finds_nothing_reads_nothing(filled: Database) -> None:
    for name, batch in {
        "bodies": partial(retention.bodies, part=SENT, age_seconds=45 * DAY, limit=TAKEN),
        "emails": partial(retention.emails, part=SENT, age_seconds=70 * DAY, limit=TAKEN),
        "accounted_messages": partial(retention.accounted_messages, age_seconds=30 * DAY, limit=TAKEN),
        "unaccounted_messages": partial(retention.unaccounted_messages, age_seconds=60 * DAY, limit=TAKEN),
        "slots": partial(retention.slots, age_seconds=120 * DAY, limit=TAKEN),
    }.items():
        with filled.begin() as connection:
            connection.execute(text("FLUSH STATUS"))
            assert batch(connection) == Forgotten(0, more=False), name
            assert entries_read(connection) <= 2 * TAKEN, name


def test_the_counting_would_see_a_batch_that_looks_for_bodies_by_age_alone(filled: Database) -> None:
    with filled.read() as connection:
        connection.execute(text("FLUSH STATUS"))
        connection.execute(
            text(
                "SELECT DISTINCT c.email_id FROM content_chunks c JOIN emails e ON e.id = c.email_id"
                " WHERE e.state = 'sent' AND c.email_id < UNHEX(REPEAT('f', 32)) LIMIT 50"
            )
        ).all()
        assert entries_read(connection) > 100_000
