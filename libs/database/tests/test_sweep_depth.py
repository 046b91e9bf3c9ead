"""Among a million emails a sweep reads what is due, and no more of it than it takes: counted by the server itself."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, text

from postroom_database.engine import Database
from postroom_database.repositories import measuring, sweeps
from postroom_domain.lanes import Lane
from postroom_migrations.migrate import migrate
from postroom_testing.mariadb import MariaDb

TAKEN = 100
# What stands in the table: state, lane, due in so many seconds, hinted, lease, how many.
ROWS = [
    ("sent", "bulk", "-100", "NOW", "NULL", 500_000),
    ("queued", "bulk", "3600", "NULL", "NULL", 200_000),  # parked
    ("queued", "bulk", "-50", "NOW", "NULL", 1_000),  # hinted
    ("queued", "bulk", "-40", "NULL", "NULL", 50_000),  # the backlog behind them
    ("queued", "interactive", "-40", "NULL", "NULL", 10),
    ("scheduled", "interactive", "86400", "NULL", "NULL", 200_000),
    ("scheduled", "interactive", "-1", "NULL", "NULL", 500),
    ("unknown", "bulk", "300", "NULL", "NULL", 40_000),
    ("unknown", "bulk", "-1", "NULL", "NULL", 500),
    ("sending", "bulk", "300", "NOW", "60", 7_000),
    ("sending", "bulk", "300", "NOW", "-1", 500),
    ("suspect", "bulk", "-1", "NULL", "NULL", 50),
]
FILL = """
    INSERT INTO emails (id, workspace_id, state, last_event, lane, sender, to_list, subject, request_id,
                        due_at, hinted_at, lease_ends_at)
    SELECT UNHEX(LPAD(HEX(seq + {offset}), 32, '0')), UNHEX(REPEAT('0', 32)), '{state}', 'queued', '{lane}',
           'a@example.com', '[]', 's', 'r', UTC_TIMESTAMP(6) + INTERVAL {due} SECOND, {hinted}, {lease}
    FROM seq_1_to_1000000 WHERE seq <= {count}
"""


@pytest.fixture(scope="module")
def filled(mariadb: MariaDb) -> Iterator[Database]:
    url = mariadb.fresh_database()
    database = Database(url, pool_size=2, timeout_seconds=200)
    migrate(database)
    offset = 0
    with database.begin() as connection:
        for state, lane, due, hinted, lease, count in ROWS:
            connection.execute(
                text(
                    FILL.format(
                        offset=offset,
                        state=state,
                        lane=lane,
                        due=due,
                        hinted="NULL" if hinted == "NULL" else "UTC_TIMESTAMP(6)",
                        lease="NULL" if lease == "NULL" else f"UTC_TIMESTAMP(6) + INTERVAL {lease} SECOND",
                        count=count,
                    )
                )
            )
            offset += count
        connection.execute(text("ANALYZE TABLE emails"))
    yield database
    database.close()
    mariadb.drop_database(url)


def test_a_million_emails_stand_there(filled: Database) -> None:
    with filled.read() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM emails")).scalar_one() == sum(row[-1] for row in ROWS)
    assert sum(row[-1] for row in ROWS) >= 999_000


def entries_read(connection: Connection) -> int:
    """Rows that were read, and index entries that were looked at and passed over (index condition pushdown)."""
    rows = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_%'")).all()
    counters = {name: int(value) for name, value in rows}
    passed = counters["Handler_icp_attempts"] - counters["Handler_icp_match"]
    return passed + sum(value for name, value in counters.items() if name.startswith("Handler_read"))


Sweep = Callable[[Connection], list[Any]]
SWEEPS: dict[str, tuple[Sweep, int]] = {
    # The sweep, and how many rows it may read: what it takes once from the index and once from the table, and the
    # hinted ones that stand before it, which the mark bounds.
    "due_scheduled": (lambda c: sweeps.due_scheduled(c, TAKEN), 3 * TAKEN),
    "due_unknown": (lambda c: sweeps.due_unknown(c, TAKEN), 3 * TAKEN),
    "expired_leases": (lambda c: sweeps.expired_leases(c, TAKEN), 3 * TAKEN),
    "missing_alone": (lambda c: sweeps.missing_alone(c, older_than_seconds=60, limit=TAKEN), 3 * TAKEN),
    "missing_interactive": (
        lambda c: sweeps.missing_hints(c, Lane.INTERACTIVE, older_than_seconds=60, limit=TAKEN),
        3 * TAKEN,
    ),
    "missing_bulk": (
        lambda c: sweeps.missing_hints(c, Lane.BULK, older_than_seconds=60, limit=TAKEN),
        1_000 + 3 * TAKEN,
    ),
}


@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_reads_what_is_due(filled: Database, name: str) -> None:
    sweep, most = SWEEPS[name]
    with filled.read() as connection:
        connection.execute(text("FLUSH STATUS"))
        found = sweep(connection)
        read = entries_read(connection)
    print(f"{name}: {len(found)} found, {read} rows read")  # noqa: T201 - the figure
    assert len(found) == {"missing_alone": 50, "missing_interactive": 10}.get(name, TAKEN)
    assert read <= most


def test_the_oldest_is_one_look_however_many_are_due(filled: Database) -> None:
    with filled.read() as connection:
        connection.execute(text("FLUSH STATUS"))
        oldest = {lane: measuring.oldest_seconds(connection, lane) for lane in Lane}
        read = entries_read(connection)
    print(f"{read} rows read")  # noqa: T201 - the figure
    assert 50 <= oldest[Lane.BULK] < oldest[Lane.INTERACTIVE] + 60
    assert 40 <= oldest[Lane.INTERACTIVE] < 400
    assert read <= 10


def test_counting_ends_where_it_says_and_reads_the_index_alone(filled: Database) -> None:
    with filled.read() as connection:
        connection.execute(text("FLUSH STATUS"))
        began = time.monotonic()
        found = {lane: measuring.depth(connection, lane) for lane in Lane}
        seconds = time.monotonic() - began
        read = entries_read(connection)
        plan = connection.execute(
            text(
                "EXPLAIN SELECT COUNT(*) FROM (SELECT due_at FROM emails WHERE state = 'queued' AND lane = 'bulk'"
                " AND due_at > UTC_TIMESTAMP(6) LIMIT 10000) some"
            )
        ).all()
    print(f"{read} rows read in {seconds * 1000:.0f} ms")  # noqa: T201 - the figure
    counts = {(lane.value, state): count for lane, states in found.items() for state, count in states.items() if count}
    assert counts == {
        ("bulk", "due"): 10_000,
        ("bulk", "put_off"): 10_000,
        ("bulk", "unknown"): 10_000,
        ("bulk", "sending"): 7_500,
        ("bulk", "suspect"): 50,
        ("interactive", "due"): 10,
        ("interactive", "scheduled"): 10_000,
    }
    # Each counted row is read from the index, and once more from where it was counted.
    assert read <= 2 * (sum(counts.values()) + len(counts) + 14)
    [derived] = [row for row in plan if row.table == "emails"]
    assert (derived.key, "Using index" in derived.Extra) == ("ix_emails_state_lane_due_at_hinted_at", True)


def test_the_counting_would_see_a_sweep_that_reads_all_of_a_state(filled: Database) -> None:
    with filled.read() as connection:
        connection.execute(text("FLUSH STATUS"))
        connection.execute(
            text(
                "SELECT id, request_id FROM emails"
                " WHERE state = 'scheduled' AND due_at <= UTC_TIMESTAMP(6) ORDER BY due_at LIMIT 100"
            )
        ).all()
        assert entries_read(connection) > 100_000
