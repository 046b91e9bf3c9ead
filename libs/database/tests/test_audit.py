"""The audit of a workspace is read by its index, however much else was noted: counted by the server itself."""

from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from postroom_database.engine import Database
from postroom_database.paging import Slice
from postroom_database.repositories import audit

WORKSPACE, OTHER = uuid4(), uuid4()
COUNT = 20_000
FILL = """
    INSERT INTO audit_entries (id, workspace_id, actor, action)
    SELECT UNHEX(LPAD(HEX(seq), 32, '0')), IF(seq % 2, :ours, :others), 'key', 'domain.changed'
    FROM seq_1_to_20000
"""


def rows_read(connection: Connection, wanted: Slice | None) -> tuple[list[int], int]:
    """The numbers of a page, or of the newest of all, and how many rows the server read for it."""
    connection.execute(text("FLUSH STATUS"))
    if wanted is None:
        rows = audit.newest(connection, limit=20)
    else:
        rows, _ = audit.page(connection, WORKSPACE, wanted)
    counters = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'")).all()
    return [row.id.int for row in rows], sum(int(value) for _, value in counters)


def test_a_page_reads_as_many_rows_as_it_shows(mariadb_database: Database) -> None:
    with mariadb_database.begin() as connection:
        connection.execute(text(FILL), {"ours": WORKSPACE.bytes, "others": OTHER.bytes})
        connection.execute(text("ANALYZE TABLE audit_entries"))
    with mariadb_database.read() as connection:
        first, cost = rows_read(connection, Slice(20))
        deep, deep_cost = rows_read(connection, Slice(20, after=UUID(int=101)))
        newest, newest_cost = rows_read(connection, None)
    assert first == list(range(COUNT - 1, COUNT - 41, -2))
    assert deep == list(range(99, 59, -2))
    assert newest == list(range(COUNT, COUNT - 20, -1))
    assert max(cost, deep_cost, newest_cost) <= 2 * 21
