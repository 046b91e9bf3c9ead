import json
import os
import pty
import re
from typing import Any
from uuid import UUID

import pytest

from postroom_database.engine import Database
from postroom_database.repositories import workspaces
from postroom_domain.ids import new_id
from postroom_testing.drafts import draft, store

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
SECONDS = 60


def workspace_id(database: Database) -> UUID:
    with database.read() as connection:
        found = workspaces.find(connection, "acme")
    assert found is not None
    return found


def in_terminal(admin: Any, *arguments: str) -> str:
    """What a person sees."""
    master, slave = pty.openpty()
    process = admin.start(*arguments, stdout=slave)
    os.close(slave)
    seen = b""
    try:
        while piece := os.read(master, 65536):
            seen += piece
    except OSError:  # Linux's way of saying that the other end is closed
        pass
    finally:
        os.close(master)
    assert process.wait(SECONDS) == 0
    process.stderr.close()
    return seen.decode().replace("\r\n", "\n")


def test_titles_stand_above_a_list_in_a_terminal_only(admin: Any, database: Database) -> None:
    admin("workspace", "create", "acme")
    piped = admin("workspace", "list").stdout
    titles, line = in_terminal(admin, "workspace", "list").splitlines()
    assert f"{line}\n" == piped
    for title, value in {"ID": str(workspace_id(database)), "STATE": "active", "NAME": "acme"}.items():
        assert titles.index(title) == line.index(value)


@pytest.mark.usefixtures("two_workspaces")
def test_lists_are_one_object_a_line_for_programs(admin: Any, database: Database) -> None:
    admin("workspace", "suspend", "acme", "--reason", "why")
    suspended, active = map(json.loads, admin("workspace", "list", "--json").stdout.splitlines())
    assert re.fullmatch(MOMENT, suspended.pop("suspended_at"))
    assert re.fullmatch(MOMENT, suspended.pop("created_at"))
    assert suspended == {
        "id": str(workspace_id(database)),
        "name": "acme",
        "state": "suspended",
        "suspended_reason": "why",
    }
    assert (active["state"], active["suspended_at"]) == ("active", None)
    token = admin("key", "create", "--workspace", "acme").stdout.strip()
    keys = admin("key", "list", "--workspace", "acme", "--json").stdout
    assert json.loads(keys).keys() == {
        "id",
        "workspace_id",
        "name",
        "permission",
        "domain_id",
        "created_at",
        "last_used_at",
        "revoked_at",
    }
    assert token not in keys
    admin("suppression", "add", "--workspace", "acme", "gone@example.com")
    [found] = admin("suppression", "list", "--workspace", "acme", "--json").stdout.splitlines()
    assert (json.loads(found)["address"], json.loads(found)["origin"]) == ("gone@example.com", "manual")


def test_one_thing_is_one_object_with_what_belongs_to_it(admin: Any, database: Database) -> None:
    one = draft(key_id=new_id())
    store(database, one)
    shown = json.loads(admin("email", "show", str(one.id), "--json").stdout)
    assert (shown["id"], shown["to"], shown["cc"]) == (str(one.id), ["to@example.com"], None)
    assert (shown["recipients"], shown["events"]) == ([], [])
    assert re.fullmatch(MOMENT, shown["created_at"])


def test_nothing_is_no_line(admin: Any) -> None:
    for options in ((), ("--json",)):
        done = admin("workspace", "list", *options)
        assert (done.exit_code, done.stdout) == (0, "")
        assert done.stderr == "There are no workspaces; make one with `workspace create NAME`.\n"
