import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, event, func, select, text

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable, LeaseLost
from postroom_database.models import ProviderJob, Suppression
from postroom_database.paging import Slice
from postroom_database.repositories import deliveries, suppressions, workspaces
from postroom_database.repositories.deliveries import Outcome
from postroom_database.repositories.suppressions import Added, NewSuppression
from postroom_database.writing import write
from postroom_domain.ids import new_id
from postroom_domain.states import State
from postroom_domain.suppressions import Origin
from postroom_testing.drafts import draft, store
from postroom_testing.server import wait_until

OURS, THEIRS = uuid4(), uuid4()
ONE = "one@example.com"
SECONDS = 20


def add(database: Database, *addresses: str, workspace_id: UUID = OURS, origin: Origin = Origin.MANUAL) -> list[Added]:
    with database.begin() as connection:
        return suppressions.add(connection, workspace_id, [NewSuppression(address, origin) for address in addresses])


def jobs(connection: Connection) -> list[tuple[str, UUID, str, str]]:
    found = select(ProviderJob.kind, ProviderJob.workspace_id, ProviderJob.subject, ProviderJob.request_id)
    return [(*row,) for row in connection.execute(found.order_by(ProviderJob.subject))]


def test_an_address_is_added_once_and_keeps_its_first_origin(database: Database) -> None:
    source = new_id()
    with database.begin() as connection:
        [first] = suppressions.add(connection, OURS, [NewSuppression("ONE@example.com", Origin.BOUNCE, source)])
    [again] = add(database, ONE)
    assert first.is_new
    assert (again.id, again.origin, again.is_new) == (first.id, Origin.BOUNCE, False)
    with database.read() as connection:
        kept = suppressions.get(connection, OURS, ONE)
    assert kept is not None
    assert (kept.id, kept.address, kept.origin, kept.source_id) == (first.id, ONE, Origin.BOUNCE, source)


def test_of_many_each_is_answered_once_in_order(database: Database) -> None:
    [there] = add(database, "b@example.com")
    added = add(database, "z@example.com", "B@example.com", "a@example.com", "b@example.com")
    assert [one.is_new for one in added] == [True, False, True]
    assert added[1].id == there.id
    with database.read() as connection:
        assert [
            record.id if (record := suppressions.get(connection, OURS, f"{name}@example.com")) else None
            for name in "zba"
        ] == [one.id for one in added]
        assert suppressions.add(connection, OURS, []) == []


def test_those_among_many_are_found_as_they_are_written(database: Database) -> None:
    add(database, ONE, "bob@example.com", origin=Origin.COMPLAINT)
    add(database, "carl@example.com", workspace_id=THEIRS)
    with database.read() as connection:
        found = suppressions.among(connection, OURS, ["One@example.com", ONE, "carl@example.com", "dora@example.com"])
        assert found == {"One@example.com": Origin.COMPLAINT, ONE: Origin.COMPLAINT}
        assert suppressions.among(connection, OURS, []) == {}


@pytest.mark.parametrize("by_id", [True, False])
def test_a_removed_one_is_gone_and_the_provider_will_be_told(database: Database, *, by_id: bool) -> None:
    added = add(database, ONE, "bob@example.com")
    add(database, ONE, workspace_id=THEIRS)
    names: list[UUID | str] = [added[0].id, new_id()] if by_id else ["ONE@example.com", "nobody@example.com"]
    with database.begin() as connection:
        assert suppressions.remove(connection, THEIRS, [added[1].id], request_id="r-0") == []
        removed = suppressions.remove(connection, OURS, names, request_id="r-1")
        assert [record.id for record in removed] == [added[0].id]
        assert suppressions.remove(connection, OURS, names, request_id="r-2") == []
    with database.read() as connection:
        assert suppressions.get(connection, OURS, ONE) is None
        assert suppressions.get(connection, OURS, added[1].id) is not None
        assert suppressions.get(connection, THEIRS, ONE) is not None
        assert jobs(connection) == [("unsuppress", OURS, ONE, "r-1")]


def test_pages_know_origins_and_workspaces(database: Database) -> None:
    bounced = add(database, *(f"{n}@example.com" for n in range(3)), origin=Origin.BOUNCE)
    add(database, ONE)
    add(database, "carl@example.com", workspace_id=THEIRS, origin=Origin.BOUNCE)
    with database.read() as connection:
        everything, has_more = suppressions.page(connection, OURS, Slice(limit=10))
        assert (len(everything), has_more) == (4, False)
        newest, has_more = suppressions.page(connection, OURS, Slice(limit=2), origin=Origin.BOUNCE)
        assert ([record.id for record in newest], has_more) == ([bounced[2].id, bounced[1].id], True)
        rest, has_more = suppressions.page(connection, OURS, Slice(limit=2, after=bounced[1].id), origin=Origin.BOUNCE)
        assert ([record.id for record in rest], has_more) == ([bounced[0].id], False)


@pytest.mark.parametrize("first_commits", [True, False])
def test_two_that_add_one_address_at_once(
    mariadb_database: Database, mariadb: Any, migrated_url: str, *, first_commits: bool
) -> None:
    waiting = "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'INSERT INTO suppressions%'"
    with (
        mariadb.connect(migrated_url) as watching,
        watching.cursor() as cursor,
        ThreadPoolExecutor(1) as pool,
        mariadb_database.engine.connect() as connection,
    ):
        [first] = suppressions.add(connection, OURS, [NewSuppression(ONE, Origin.BOUNCE)])
        second = pool.submit(add, mariadb_database, "ONE@example.com")
        wait_until(lambda: cursor.execute(waiting) == 1, seconds=SECONDS, what="the second to wait for the first")
        if first_commits:
            connection.commit()
        else:
            connection.rollback()
        [found] = second.result()
    assert first.is_new
    if first_commits:
        assert (found.id, found.origin, found.is_new) == (first.id, Origin.BOUNCE, False)
    else:
        assert (found.origin, found.is_new) == (Origin.MANUAL, True)


def test_many_that_add_and_remove_the_same_addresses_at_once(mariadb_database: Database) -> None:
    addresses = [f"{n}@example.com" for n in range(20)]
    with mariadb_database.begin() as connection:
        ours = workspaces.add(connection, "ours")
    results: list[list[Added]] = []

    def work(seed: int) -> None:
        mixed = random.Random(seed)
        for _ in range(5):
            some = mixed.sample(addresses, 12)
            results.append(add(mariadb_database, *some, workspace_id=ours))
            if seed % 2:
                names = mixed.sample(addresses, 5)
                with mariadb_database.begin() as connection:
                    suppressions.remove(connection, ours, names, request_id="r")

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, seed) for seed in range(8)]:
            done.result()
    new = {one.id for result in results for one in result if one.is_new}
    assert {one.id for result in results for one in result} == new, "every id that was told was somebody's insert"
    with mariadb_database.read() as connection:
        left = set(connection.execute(select(Suppression.id)).scalars())
        assert left <= new
        assert len(new) == len(left) + len(jobs(connection)), "each is there, or was removed once"


def test_work_that_meets_a_lock_is_done_again(mariadb_database: Database) -> None:
    [there] = add(mariadb_database, ONE)
    attempts: list[float] = []

    def remove(connection: Connection) -> Any:
        attempts.append(time.monotonic())
        return suppressions.remove(connection, OURS, [ONE], request_id="r")

    with mariadb_database.engine.connect() as connection:
        connection.execute(select(Suppression.id).where(Suppression.id == there.id).with_for_update())
        release = threading.Timer(2.5, connection.rollback)  # a lock is waited for 2 seconds
        release.start()
        removed = write(mariadb_database, remove)
        release.join()
    assert ([record.id for record in removed], len(attempts)) == ([there.id], 2)
    with mariadb_database.engine.connect() as connection:
        add(mariadb_database, ONE)
        connection.execute(text("SELECT 1 FROM suppressions FOR UPDATE"))
        attempts.clear()
        with pytest.raises(DatabaseUnavailable):
            write(mariadb_database, remove)
    assert len(attempts) == 3


def test_a_claim_asks_once_more_and_by_an_index(mariadb_database: Database) -> None:
    one = draft(to=[f"{n}@example.com" for n in range(50)])
    store(mariadb_database, one)
    add(mariadb_database, "7@example.com", workspace_id=one.workspace_id)
    add(mariadb_database, *(f"{n}@example.org" for n in range(2000)), workspace_id=one.workspace_id)
    executed: list[tuple[str, Any]] = []
    event.listen(mariadb_database.engine, "before_cursor_execute", lambda *given: executed.append(given[2:4]))
    with mariadb_database.begin() as connection:
        claim = deliveries.claim(connection, one.id, lease_seconds=60)
    assert claim is not None
    assert (claim.suppressed, len(claim.recipients)) == ({"7@example.com": Origin.MANUAL}, 49)
    assert [statement.split()[0] for statement, _ in executed] == ["UPDATE", "SELECT", "SELECT", "SELECT"]
    statement, values = executed[-1]
    with mariadb_database.begin() as connection:
        connection.execute(text("ANALYZE TABLE suppressions"))
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", values).mappings().one()
    assert (plan["type"], plan["key"]) == ("range", "uq_suppressions_workspace_id_address")


def test_an_outcome_suppresses_in_its_own_transaction(database: Database) -> None:
    one = draft()
    store(database, one)
    with database.begin() as connection:
        claim = deliveries.claim(connection, one.id, lease_seconds=60)
        assert claim is not None
        outcome = Outcome(
            State.SENT, State.BOUNCED, suppressions=(NewSuppression("To@example.com", Origin.BOUNCE, one.id),)
        )
        [added] = deliveries.finish(connection, claim, outcome)
    assert added.is_new
    again = Outcome(State.SENT, State.BOUNCED, suppressions=(NewSuppression("c@example.com", Origin.BOUNCE),))
    with pytest.raises(LeaseLost), database.begin() as connection:
        deliveries.finish(connection, claim, again)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(Suppression)).scalar_one() == 1
        kept = suppressions.get(connection, one.workspace_id, "to@example.com")
    assert kept is not None
    assert (kept.id, kept.source_id) == (added.id, one.id)
