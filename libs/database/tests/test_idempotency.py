from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from postroom_database.engine import Database
from postroom_database.errors import is_duplicate
from postroom_database.models import IdempotencyKey
from postroom_database.repositories import idempotency
from postroom_database.repositories.idempotency import KeyId, Remembered


def key(name: str) -> KeyId:
    return KeyId(uuid4(), "emails", name.encode().ljust(32, b"."))


ANSWER = Remembered(b"f" * 32, b'{"id":"1"}')


def test_an_answer_is_remembered_for_its_key_alone(database: Database) -> None:
    one, other = key("one"), key("other")
    elsewhere = KeyId(one.workspace_id, "batch", one.key_hash)
    with database.begin() as connection:
        idempotency.add(connection, {one: ANSWER})
    with database.read() as connection:
        assert idempotency.find(connection, [one, other, elsewhere]) == {one: ANSWER}


def test_the_second_of_two_is_a_duplicate(database: Database) -> None:
    one = key("one")
    with database.begin() as connection:
        idempotency.add(connection, {one: ANSWER})
    with pytest.raises(IntegrityError) as caught, database.begin() as connection:
        idempotency.add(connection, {one: ANSWER})
    assert is_duplicate(caught.value)


def test_an_answer_is_recalled_without_writing(database: Database) -> None:
    one, other = key("one"), key("other")
    with database.begin() as connection:
        idempotency.add(connection, {one: ANSWER})
    with database.read() as connection:
        assert idempotency.recall(connection, one) == ANSWER
        assert idempotency.recall(connection, other) is None
        assert idempotency.recall(connection, KeyId(one.workspace_id, "batch", one.key_hash)) is None
    with database.begin() as connection:
        connection.execute(update(IdempotencyKey).values(created_at=datetime.now(UTC) - timedelta(hours=25)))
    with database.read() as connection:
        assert idempotency.recall(connection, one) is None


def test_after_a_day_the_key_is_free(database: Database) -> None:
    one = key("one")
    with database.begin() as connection:
        idempotency.add(connection, {one: ANSWER})
        old = datetime.now(UTC) - timedelta(hours=25)
        connection.execute(update(IdempotencyKey).values(created_at=old))
    with database.begin() as connection:
        assert idempotency.find(connection, [one]) == {}
        idempotency.add(connection, {one: ANSWER})
