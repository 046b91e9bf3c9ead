from sqlalchemy import select

from postroom_database.engine import Database
from postroom_database.repositories import quotas
from postroom_database.types import Now
from postroom_domain.quotas import UNLIMITED, Quota


def test_the_last_reading_is_the_one_that_is_read(database: Database) -> None:
    with database.read() as connection:
        assert quotas.read(connection) is None
    for quota in (Quota(14.0, 50_000.0, 17.0, sending_enabled=True), Quota(0.5, UNLIMITED, 0.0, sending_enabled=False)):
        with database.begin() as connection:
            before = connection.execute(select(Now())).scalar_one()
            quotas.write(connection, quota)
        with database.read() as connection:
            reading = quotas.read(connection)
        assert reading is not None
        assert reading.quota == quota
        assert reading.read_at >= before


def test_what_is_left_of_a_day_is_never_less_than_nothing() -> None:
    assert Quota(14.0, 100.0, 30.0, sending_enabled=True).day_left == 70.0
    assert Quota(14.0, 100.0, 130.0, sending_enabled=True).day_left == 0.0
    assert Quota(14.0, UNLIMITED, 130.0, sending_enabled=True).day_left == UNLIMITED
