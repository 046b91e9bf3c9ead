import re
import threading
from typing import Any
from uuid import UUID

import pytest

from postroom_database.engine import Database
from postroom_database.repositories import api_keys, workspaces
from postroom_domain.ids import new_id
from postroom_domain.tokens import hash_token
from postroom_testing.mariadb import MariaDb
from postroom_testing.server import wait_until

SECONDS = 60
ADDING = "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'INSERT INTO workspaces%'"
TOKEN = re.compile(r"re_[A-Za-z0-9_-]{43}")


def find_key(database: Database, token: str) -> api_keys.Opened | None:
    with database.read() as connection:
        return api_keys.open_with(connection, hash_token(token))


def test_a_workspace_is_created_once(admin: Any, database: Database) -> None:
    first, second = admin("workspace", "create", "acme 世界"), admin("workspace", "create", "acme 世界")
    with database.read() as connection:
        workspace_id = workspaces.find(connection, "acme 世界")
        assert workspaces.names(connection) == ["acme 世界"]
    assert (first.exit_code, first.stdout) == (0, f"{workspace_id} acme 世界\n")
    assert (second.exit_code, second.stdout) == (0, f"{workspace_id} acme 世界 (was there)\n")


def test_a_workspace_that_another_process_is_creating_is_no_error(
    admin: Any, database: Database, mariadb: MariaDb, migrated_url: str
) -> None:
    admin.environment["POSTROOM_DATABASE_TIMEOUT_SECONDS"] = "30"
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(admin("workspace", "create", "acme")))
    with mariadb.connect(migrated_url) as watching, watching.cursor() as cursor, database.begin() as connection:
        workspace_id = workspaces.add(connection, "acme")
        thread.start()
        wait_until(lambda: cursor.execute(ADDING) == 1, seconds=SECONDS, what="the command to wait for the other's row")
    thread.join()
    assert (results[0].exit_code, results[0].stdout) == (0, f"{workspace_id} acme (was there)\n")


@pytest.mark.parametrize("name", ["", "x" * 101, "a\nb", " a", "\x1b[31m"])
@pytest.mark.parametrize("command", [("workspace", "create"), ("key", "create", "--workspace", "acme", "--name")])
def test_a_name_that_cannot_be_shown_is_refused(admin: Any, command: tuple[str, ...], name: str) -> None:
    done = admin(*command, name)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "it must be 1 to 100 printable characters" in done.stderr


def test_a_key_is_printed_alone_and_only_its_hash_is_kept(
    admin: Any, database: Database, mariadb: MariaDb, migrated_url: str
) -> None:
    admin("workspace", "create", "acme")
    process = admin.start("key", "create", "--workspace", "acme", "--name", "ci")
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    token = out.removesuffix("\n")
    assert TOKEN.fullmatch(token)
    assert token not in err
    found = find_key(database, token)
    assert found is not None
    with database.read() as reading:
        assert [key.name for key in api_keys.of_workspace(reading, found.workspace_id)] == ["ci"]
    assert str(found.key_id) in err
    with mariadb.connect(migrated_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM api_keys")
        [row] = cursor.fetchall()
    assert token.encode() not in b"|".join(str(value).encode() for value in row)
    assert hash_token(token) in row


def test_keys_are_listed_and_revoked(admin: Any, database: Database) -> None:
    admin("workspace", "create", "acme")
    assert admin("key", "list", "--workspace", "acme").stderr == "There are no keys yet; `key create` makes one.\n"
    keys = (("one", "full_access"), ("two", "sending_access"))
    tokens = [
        admin("key", "create", "--workspace", "acme", "--name", name, "--permission", permission).stdout.strip()
        for name, permission in keys
    ]
    found = find_key(database, tokens[0])
    assert found is not None
    asked = admin("key", "revoke", "--workspace", "acme", str(found.key_id))
    assert (asked.exit_code, asked.stdout) == (1, "")
    assert f"End the key {found.key_id}? This cannot be undone. [y/N]" in asked.stderr
    assert find_key(database, tokens[0]) is not None
    revoked = admin("key", "revoke", "--workspace", "acme", "--yes", str(found.key_id))
    assert (revoked.exit_code, revoked.stdout) == (0, f"Revoked {found.key_id}.\n")
    assert find_key(database, tokens[0]) is None
    assert find_key(database, tokens[1]) is not None
    assert admin("key", "revoke", "--workspace", "acme", "--yes", str(found.key_id)).exit_code == 0
    moment = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    lines = admin("key", "list", "--workspace", "acme").stdout.splitlines()
    assert re.fullmatch(
        rf"{found.key_id}  {moment}  revoked {moment}  full_access {{3}}  never used {{19}}  one", lines[0]
    )
    assert re.fullmatch(rf"[0-9a-f-]{{36}}  {moment}  active {{26}}  sending_access  never used {{19}}  two", lines[1])
    assert not any(token in line for token in tokens for line in lines)


@pytest.mark.parametrize("key_id", [str(new_id()), str(UUID(int=0)), "nonsense"])
def test_a_key_that_is_not_there_cannot_be_revoked(admin: Any, key_id: str) -> None:
    admin("workspace", "create", "acme")
    done = admin("key", "revoke", "--workspace", "acme", "--yes", key_id)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "There is no such key in this workspace; `key list` shows them.\n"


def test_a_key_of_another_workspace_is_not_there(admin: Any, database: Database) -> None:
    for name in ("acme", "other"):
        admin("workspace", "create", name)
    found = find_key(database, admin("key", "create", "--workspace", "acme").stdout.strip())
    assert found is not None
    assert admin("key", "revoke", "--workspace", "other", "--yes", str(found.key_id)).exit_code == 1
    assert admin("key", "list", "--workspace", "other").stdout == ""


@pytest.mark.parametrize("command", [("create",), ("list",), ("revoke", "--yes", str(new_id()))])
def test_an_unknown_workspace_names_those_that_there_are(admin: Any, command: tuple[str, ...]) -> None:
    done = admin("key", *command, "--workspace", "acne")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "There are: none; make one with `workspace create NAME`" in done.stderr
    for name in ("acme", "beta"):
        admin("workspace", "create", name)
    assert "no such workspace. There are: acme, beta\n" in admin("key", *command, "--workspace", "acne").stderr
