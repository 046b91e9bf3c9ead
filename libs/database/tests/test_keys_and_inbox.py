from uuid import uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from postroom_database.engine import Database
from postroom_database.inbox_store import DatabaseInboxStore
from postroom_database.repositories import api_keys, inbox, workspaces
from postroom_domain.ids import parse_id
from postroom_domain.tokens import hash_token, new_token


def test_a_key_opens_its_workspace_until_it_is_revoked(database: Database) -> None:
    token = new_token()
    with database.begin() as connection:
        workspace = workspaces.add(connection, "one")
        other = workspaces.add(connection, "other")
        key_id = api_keys.add(connection, workspace_id=workspace, name="k", token_hash=hash_token(token))
    with database.begin() as connection:
        found = api_keys.open_with(connection, hash_token(token))
        assert found is not None
        assert (found.key_id, found.workspace_id) == (key_id, workspace)
        assert api_keys.open_with(connection, hash_token(new_token())) is None
        assert not api_keys.end(connection, workspace_id=other, key_id=key_id)
        assert api_keys.end(connection, workspace_id=workspace, key_id=key_id)
        assert not api_keys.end(connection, workspace_id=workspace, key_id=key_id)
        assert api_keys.is_there(connection, workspace_id=workspace, key_id=key_id)
        assert not api_keys.is_there(connection, workspace_id=other, key_id=key_id)
        assert api_keys.open_with(connection, hash_token(token)) is None
        assert [key.revoked_at is None for key in api_keys.of_workspace(connection, workspace)] == [False]


def test_workspaces_have_one_name_each(database: Database) -> None:
    with database.begin() as connection:
        found = workspaces.add(connection, "one")
        assert workspaces.find(connection, "one") == found
        assert workspaces.find(connection, "One") is None
        assert workspaces.names(connection) == ["one"]
    with pytest.raises(IntegrityError), database.begin() as connection:
        workspaces.add(connection, "one")


def test_the_inbox_keeps_messages_as_they_were(database: Database) -> None:
    email_id = uuid4()
    raw = b"From: a@example.com\r\nSubject: =?utf-8?b?8J+Zgg==?=\r\n\r\n" + bytes(range(256)) * 10_000
    message_id = parse_id(
        DatabaseInboxStore(database).save(
            email_id=email_id, sender="a@example.com", recipients=("b@example.com",), raw=raw
        )
    )
    assert message_id is not None
    with database.read() as connection:
        [row] = inbox.newest(connection, 10)
        assert (row.id, row.email_id, row.recipients, row.subject) == (
            message_id,
            email_id,
            ["b@example.com"],
            "🙂",
        )
        assert row.size == len(raw)
        assert inbox.raw(connection, message_id) == raw
        assert inbox.get(connection, uuid4()) is None
        assert inbox.raw(connection, uuid4()) is None
