"""A page a million rows deep costs what the first page costs: counted by the server itself."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, insert, text

from postroom_database.engine import Database
from postroom_database.models import Email
from postroom_database.paging import Slice
from postroom_database.repositories import emails
from postroom_migrations.migrate import migrate
from postroom_testing.mariadb import MariaDb

MILLION = 1_000_000
OTHERS = 50_000
WORKSPACE, OTHER = uuid4(), uuid4()
FILL = """
    INSERT INTO emails (id, workspace_id, state, last_event, lane, sender, to_list, subject, request_id)
    SELECT UNHEX(LPAD(HEX(seq + :offset), 32, '0')), :workspace, 'sent', 'sent', 'bulk', 'a@example.com', '[]', 's', 'r'
    FROM seq_1_to_1000000 WHERE seq <= :count
"""


def id_of(number: int) -> UUID:
    """Ids in order of their number, as UUIDv7 are in order of time."""
    return UUID(int=number)


@pytest.fixture(scope="module")
def filled(mariadb: MariaDb) -> Iterator[Database]:
    """A million emails of one workspace, and some of another one among them."""
    url = mariadb.fresh_database()
    database = Database(url, pool_size=2, timeout_seconds=200)
    migrate(database)
    with database.begin() as connection:
        for workspace, offset, count in ((WORKSPACE, 0, MILLION), (OTHER, MILLION, OTHERS)):
            values = {"workspace": workspace.bytes, "offset": offset, "count": count}
            connection.execute(text(FILL), values)
        connection.execute(text("ANALYZE TABLE emails"))
    yield database
    database.close()
    mariadb.drop_database(url)


def rows_read(connection: Connection, workspace: UUID, wanted: Slice) -> tuple[list[UUID], int]:
    """The ids of a page, and how many rows the server read for it."""
    connection.execute(text("FLUSH STATUS"))
    page, _ = emails.page(connection, workspace, wanted)
    counters = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'")).all()
    return [row.id for row in page], sum(int(value) for _, value in counters)


def test_a_page_a_million_rows_deep_reads_as_many_rows_as_the_first(filled: Database) -> None:
    with filled.read() as connection:
        first, cost = rows_read(connection, WORKSPACE, Slice(20))
        assert first == [id_of(number) for number in range(MILLION, MILLION - 20, -1)]
        deep, deep_cost = rows_read(connection, WORKSPACE, Slice(20, after=id_of(41)))
        assert deep == [id_of(number) for number in range(40, 20, -1)]
        back, back_cost = rows_read(connection, WORKSPACE, Slice(20, before=id_of(21)))
        assert back == [id_of(number) for number in range(41, 21, -1)]
        middle, middle_cost = rows_read(connection, WORKSPACE, Slice(20, after=id_of(MILLION // 2)))
        assert middle[0] == id_of(MILLION // 2 - 1)
    assert cost == deep_cost == middle_cost == back_cost
    assert cost <= 2 * 21


def test_the_counting_would_see_an_offset(filled: Database) -> None:
    """What a page by OFFSET costs, so that the figures above are known to mean something."""
    with filled.read() as connection:
        connection.execute(text("FLUSH STATUS"))
        connection.execute(
            text("SELECT id FROM emails WHERE workspace_id = :w ORDER BY id DESC LIMIT 20 OFFSET 999960"),
            {"w": WORKSPACE.bytes},
        ).all()
        counters = connection.execute(text("SHOW SESSION STATUS LIKE 'Handler_read%'")).all()
    assert sum(int(value) for _, value in counters) > MILLION // 2


def test_the_last_page_says_that_there_is_no_more(filled: Database) -> None:
    with filled.read() as connection:
        page, has_more = emails.page(connection, WORKSPACE, Slice(20, after=id_of(21)))
        assert ([row.id for row in page][-1], has_more) == (id_of(1), False)


def test_pages_stay_where_they_are_while_mail_arrives(filled: Database) -> None:
    with filled.begin() as connection:
        first, _ = emails.page(connection, OTHER, Slice(10))
        connection.execute(
            insert(Email),
            [
                {
                    "id": id_of(3 * MILLION + number),
                    "workspace_id": OTHER,
                    "state": "sent",
                    "last_event": "sent",
                    "lane": "bulk",
                    "sender": "a@example.com",
                    "to_list": [],
                    "subject": "s",
                    "request_id": "r",
                }
                for number in range(5)
            ],
        )
        second, _ = emails.page(connection, OTHER, Slice(10, after=first[-1].id))
        back, _ = emails.page(connection, OTHER, Slice(10, before=second[0].id))
    assert [row.id for row in second] == [id_of(MILLION + OTHERS - number) for number in range(10, 20)]
    assert [row.id for row in back] == [row.id for row in first]
