"""The group commit itself, against a real MariaDB."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from postroom_api.group_commit import StillContended, Stored, store_group
from postroom_api.submission import IdempotencyConflict, Submission, hash_key
from postroom_api_testing.refusals import rows
from postroom_api_testing.running import RunningApi
from postroom_database.drafts import Draft
from postroom_database.engine import Database
from postroom_database.repositories import idempotency
from postroom_database.repositories.idempotency import KeyId, Remembered
from postroom_testing.drafts import draft
from postroom_testing.server import wait_until


def submission(*drafts: Draft, key: str | None = None, fingerprint: bytes = b"f" * 32) -> Submission:
    made = drafts or (draft(),)
    key_id = None if key is None else KeyId(WORKSPACE, "emails", hash_key(key))
    answer = msgspec.json.encode({"id": str(made[0].id)})
    return Submission(made, answer, key_id, b"" if key is None else fingerprint)


WORKSPACE = draft().workspace_id


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What goes to the database meanwhile, ``COMMIT`` and ``ROLLBACK`` included."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    def commit(_connection: Connection) -> None:
        seen.append("COMMIT")

    def rollback(_connection: Connection) -> None:
        seen.append("ROLLBACK")

    hooks: list[tuple[str, Callable[..., Any]]] = [
        ("before_cursor_execute", note),
        ("commit", commit),
        ("rollback", rollback),
    ]
    for name, hook in hooks:
        event.listen(database.engine, name, hook)
    try:
        yield seen
    finally:
        for name, hook in hooks:
            event.remove(database.engine, name, hook)


def remember(connection: Connection, *submissions: Submission) -> None:
    """Write keys in a transaction that stays open."""
    answers = {s.key: Remembered(s.fingerprint, s.answer) for s in submissions if s.key is not None}
    idempotency.add(connection, answers)


def waits_for_lock(database: Database) -> bool:
    # Not information_schema.innodb_trx: who asks it often is shown an old copy.
    with database.engine.connect() as connection:
        [(_, _, status)] = connection.execute(text("SHOW ENGINE INNODB STATUS"))
    return "LOCK WAIT" in status


def test_many_at_once_share_commits(mariadb_api: RunningApi) -> None:
    mariadb_api.send()
    with statements(mariadb_api.database) as seen, ThreadPoolExecutor(48) as pool:
        answers = list(pool.map(lambda _: mariadb_api.send(), range(240)))
    assert {answer.status for answer in answers} == {200}
    assert rows(mariadb_api) == (241, 0)
    assert 0 < seen.count("COMMIT") < 120


def test_a_group_is_one_transaction_of_few_statements(mariadb_api: RunningApi) -> None:
    group = [submission(key=f"k{n}") for n in range(100)]
    with statements(mariadb_api.database) as seen:
        results = store_group(mariadb_api.database, group, hinted=True)
    assert results == [Stored(s.answer, fresh=True) for s in group]
    assert seen.count("COMMIT") == 1
    assert len(seen) < 8
    assert rows(mariadb_api) == (100, 100)


@pytest.mark.parametrize("bad", ["too long", "same id"])
def test_a_bad_one_does_not_fail_its_neighbours(mariadb_api: RunningApi, bad: str) -> None:
    there = submission()
    assert store_group(mariadb_api.database, [there], hinted=True) == [Stored(there.answer, fresh=True)]
    wrong = replace(draft(), request_id="r" * 65) if bad == "too long" else draft()
    more = draft() if bad == "too long" else there.drafts[0]
    group = [submission(key="a"), submission(wrong, more, key="b"), submission(key="c"), submission()]
    results = store_group(mariadb_api.database, group, hinted=True)
    assert [isinstance(result, Stored) for result in results] == [True, False, True, True]
    assert isinstance(results[1], DBAPIError if bad == "too long" else StillContended)
    assert rows(mariadb_api) == (4, 2)


def test_keys_in_one_group_see_each_other(mariadb_api: RunningApi) -> None:
    first, same, other = submission(key="k"), submission(key="k"), submission(key="k", fingerprint=b"g" * 32)
    results = store_group(mariadb_api.database, [first, same, other], hinted=True)
    assert results[:2] == [Stored(first.answer, fresh=True), Stored(first.answer, fresh=False)]
    assert isinstance(results[2], IdempotencyConflict)
    assert rows(mariadb_api) == (1, 1)


def test_a_key_that_another_process_stores_meanwhile_is_seen(mariadb_api: RunningApi) -> None:
    theirs, ours = submission(key="k"), submission(key="k")
    database = mariadb_api.database

    @event.listens_for(database.engine, "before_cursor_execute")
    def overtake(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO idempotency_keys"):
            event.remove(database.engine, "before_cursor_execute", overtake)
            thread = threading.Thread(target=store_group, args=(database, [theirs]), kwargs={"hinted": True})
            thread.start()
            thread.join()

    results = store_group(database, [submission(), ours], hinted=True)
    assert isinstance(results[0], Stored)
    assert results[1] == Stored(theirs.answer, fresh=False)
    assert rows(mariadb_api) == (2, 1)


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_a_lock_that_is_held_for_a_while_is_waited_for(mariadb_api: RunningApi, end: str) -> None:
    database, theirs = mariadb_api.database, submission(key="k")
    group = [submission(key="k"), submission()]
    with ThreadPoolExecutor(1) as pool, database.engine.connect() as other, statements(database) as seen:
        remember(other, theirs)
        running = pool.submit(store_group, database, group, hinted=True)
        wait_until(lambda: "ROLLBACK" in seen, seconds=20, what="a lock time-out")
        getattr(other, end)()
        results = running.result(20)
    answered = theirs if end == "commit" else group[0]
    assert results == [Stored(answered.answer, fresh=end == "rollback"), Stored(group[1].answer, fresh=True)]
    assert rows(mariadb_api) == (1 if end == "commit" else 2, 1)


def test_a_lock_that_stays_is_the_database_s_trouble(mariadb_api: RunningApi) -> None:
    database, neighbour = mariadb_api.database, submission()
    with database.engine.connect() as other:
        remember(other, submission(key="k"))
        results = store_group(database, [submission(key="k"), neighbour], hinted=True)
        other.rollback()
    assert isinstance(results[0], StillContended)
    assert results[1] == Stored(neighbour.answer, fresh=True)
    assert rows(mariadb_api) == (1, 0)


def test_a_deadlock_is_repeated(mariadb_api: RunningApi) -> None:
    database = mariadb_api.database
    keys = sorted((f"k{n}" for n in range(2)), key=hash_key)
    group = [submission(key=key) for key in keys]
    with ThreadPoolExecutor(2) as pool, database.engine.connect() as other, statements(database) as seen:
        # InnoDB ends the transaction that wrote less: theirs writes more.
        remember(other, *(submission(key=f"more {n}") for n in range(50)))
        remember(other, submission(key=keys[1]))
        ours = pool.submit(store_group, database, group, hinted=True)
        wait_until(lambda: waits_for_lock(database), seconds=10, what="ours to wait for theirs")
        theirs = pool.submit(remember, other, submission(key=keys[0]))
        wait_until(lambda: "ROLLBACK" in seen, seconds=10, what="a deadlock")
        theirs.result(10)
        other.rollback()
        results = ours.result(20)
    assert results == [Stored(s.answer, fresh=True) for s in group]
    assert rows(mariadb_api) == (2, 2)


@pytest.mark.parametrize("headers", [{}, {"idempotency-key": "k"}], ids=["without key", "with key"])
def test_a_connection_lost_after_the_commit_does_not_double(
    mariadb_api: RunningApi, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    database = mariadb_api.database
    lost = threading.Event()
    real_commit = database.engine.dialect.do_commit

    def commit_and_lose(connection: Any) -> None:
        real_commit(connection)
        if not lost.is_set():
            lost.set()
            raise database.engine.dialect.loaded_dbapi.OperationalError(2013, "Lost connection during query")

    monkeypatch.setattr(database.engine.dialect, "do_commit", commit_and_lose)
    answer = mariadb_api.send(headers=headers)
    assert (answer.status, lost.is_set()) == (200, True)
    assert rows(mariadb_api) == (1, len(headers))
    assert mariadb_api.request("GET", f"/emails/{answer.json()['id']}").status == 200


def test_more_than_may_wait_is_turned_away(mariadb_api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom_api.intake._WAITING_EMAILS", 3)
    mariadb_api.send()
    with (
        ThreadPoolExecutor(12) as pool,
        mariadb_api.database.engine.connect() as other,
    ):
        other.execute(text("LOCK TABLES emails READ"))
        running = [pool.submit(mariadb_api.send) for _ in range(12)]
        wait_until(lambda: sum(r.done() for r in running) >= 8, seconds=20, what="refusals")
        other.execute(text("UNLOCK TABLES"))
        answers = [r.result(30) for r in running]
    refused = [answer for answer in answers if answer.status == 503]
    assert len(refused) >= 8
    assert all(answer.headers["retry-after"] for answer in refused)
    assert rows(mariadb_api)[0] == 1 + 12 - len(refused)
