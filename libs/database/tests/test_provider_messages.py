"""Messages of the provider: kept once, claimed once, and what could not be accounted kept whole."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from postroom_database.engine import Database
from postroom_database.errors import LeaseLost
from postroom_database.models import ProviderMessage
from postroom_database.repositories import provider_messages
from postroom_database.repositories.provider_messages import ClaimedMessage
from postroom_database.types import AnyRow, Now
from postroom_domain.provider_messages import KEPT, MessageResult
from postroom_testing.server import wait_until


def keep(database: Database, name: str = "m-1", body: str = "said", *, hinted: bool = False) -> UUID | None:
    with database.begin() as connection:
        return provider_messages.keep(connection, name, body, request_id="request-1", hinted=hinted)


def kept(database: Database, name: str = "m-1", **options: Any) -> UUID:
    job_id = keep(database, name, **options)
    assert job_id is not None
    return job_id


def claim(database: Database, *ids: UUID, lease_seconds: float = 60) -> list[ClaimedMessage]:
    with database.begin() as connection:
        return provider_messages.claim(connection, ids, lease_seconds=lease_seconds)


def finish(database: Database, message: ClaimedMessage, result: MessageResult) -> None:
    with database.begin() as connection:
        provider_messages.finish(connection, message, result)


def row(database: Database, name: str = "m-1") -> AnyRow:
    with database.read() as connection:
        return connection.execute(select(ProviderMessage.__table__).where(ProviderMessage.id == name)).one()


def missing(database: Database) -> list[UUID]:
    with database.read() as connection:
        return [one.id for one in provider_messages.missing_hints(connection, older_than_seconds=60, limit=10)]


def test_a_second_one_of_its_id_changes_nothing(database: Database) -> None:
    kept(database)
    before = row(database)
    assert keep(database, body="other") is None
    assert row(database) == before
    assert (before.body, before.request_id, before.result, before.attempts) == ("said", "request-1", None, 0)


def test_of_two_at_once_one_is_kept(mariadb_database: Database, mariadb: Any, migrated_url: str) -> None:
    waiting = "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'INSERT INTO provider_messages%'"
    with (
        mariadb.connect(migrated_url) as watching,
        watching.cursor() as cursor,
        ThreadPoolExecutor(1) as pool,
        mariadb_database.engine.connect() as connection,
    ):
        first = provider_messages.keep(connection, "m-1", "said", request_id=None, hinted=False)
        second = pool.submit(keep, mariadb_database)
        wait_until(lambda: cursor.execute(waiting) == 1, seconds=20, what="the second to wait for the first")
        connection.commit()
        assert (first is None, second.result()) == (False, None)


def test_it_is_claimed_once_until_its_lease_ends(database: Database) -> None:
    first, second = kept(database, "m-1"), kept(database, "m-2")
    claimed = claim(database, second, first)
    assert [(one.id, one.body, one.request_id, one.attempt) for one in claimed] == [
        (first, "said", "request-1", 1),
        (second, "said", "request-1", 1),
    ]
    assert claim(database, first, second) == []
    with database.begin() as connection:
        connection.execute(update(ProviderMessage).values(due_at=Now(-1)))
    [again] = claim(database, first)
    assert again.attempt == 2
    with pytest.raises(LeaseLost):
        finish(database, claimed[0], MessageResult.ACCOUNTED)
    finish(database, again, MessageResult.ACCOUNTED)
    done = row(database)
    assert (done.result, done.body, done.due_at, done.lease_token) == ("accounted", None, None, None)


@pytest.mark.parametrize("result", MessageResult)
def test_what_could_not_be_accounted_is_kept_and_can_be_retried(database: Database, result: MessageResult) -> None:
    job_id = kept(database)
    [claimed] = claim(database, job_id)
    finish(database, claimed, result)
    assert row(database).body == ("said" if result in KEPT else None)
    with database.begin() as connection:
        found = provider_messages.page(connection, result=None, after=None, limit=10)
        assert provider_messages.page(connection, result=result, after=None, limit=10) == found
        assert provider_messages.retry(connection, job_id) is (result in KEPT)
    assert [(one.id, one.message_id, one.result, one.body) for one in found] == (
        [(job_id, "m-1", result, "said")] if result in KEPT else []
    )
    assert [one.attempt for one in claim(database, job_id)] == ([1] if result in KEPT else [])


def test_kept_ones_come_in_pages(database: Database) -> None:
    ids = [kept(database, f"m-{n}") for n in range(5)]
    for one in claim(database, *ids):
        finish(database, one, MessageResult.UNMATCHED)
    with database.read() as connection:
        first = provider_messages.page(connection, result=None, after=None, limit=3)
        rest = provider_messages.page(connection, result=None, after=first[-1].id, limit=3)
        none = provider_messages.page(connection, result=MessageResult.UNREADABLE, after=None, limit=3)
    assert ([one.id for one in (*first, *rest)], none) == (ids, [])


def test_it_is_hinted_when_nobody_was_told_or_the_hint_is_old(database: Database) -> None:
    told, untold = kept(database, "m-1", hinted=True), kept(database, "m-2")
    assert missing(database) == [untold]
    with database.begin() as connection:
        [found] = provider_messages.missing_hints(connection, older_than_seconds=60, limit=10)
        assert [provider_messages.claim_hint(connection, found) for _ in range(2)] == [True, False]
        connection.execute(update(ProviderMessage).where(ProviderMessage.id == "m-1").values(hinted_at=Now(-61)))
    assert missing(database) == [told]
    with database.begin() as connection:
        provider_messages.forget_hints(connection, [untold, told])
    assert missing(database) == [told, untold]
    claim(database, told, untold)
    assert missing(database) == []


def test_a_message_that_is_given_back_is_due_later(database: Database) -> None:
    job_id = kept(database)
    [claimed] = claim(database, job_id)
    with database.begin() as connection:
        provider_messages.postpone(connection, claimed, seconds=60)
    assert (claim(database, job_id), missing(database), row(database).lease_token) == ([], [], None)
