import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from postroom_database.engine import Database
from postroom_database.models import ProviderJob
from postroom_database.repositories import suppressions, workspaces
from postroom_database.repositories.suppressions import NewSuppression, SuppressionRecord
from postroom_domain.suppressions import Origin

ONE = "one@xn--r8jz45g.jp"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture
def database(database: Database, two_workspaces: None) -> Database:
    return database


def workspace_id(database: Database, name: str) -> UUID:
    with database.read() as connection:
        found = workspaces.find(connection, name)
    assert found is not None
    return found


def kept(database: Database, address: str, workspace: str = "acme") -> SuppressionRecord | None:
    with database.read() as connection:
        return suppressions.get(connection, workspace_id(database, workspace), address)


def test_an_address_is_added_once(admin: Any, database: Database) -> None:
    first = admin("suppression", "add", "--workspace", "acme", "ONE@例え.jp")
    record = kept(database, ONE)
    assert record is not None
    assert (first.exit_code, first.stdout) == (0, f"{record.id} manual\n")
    again = admin("suppression", "add", "--workspace", "acme", ONE)
    assert (again.exit_code, again.stdout) == (0, f"{record.id} manual (was there)\n")
    assert kept(database, ONE, "other") is None


def test_all_are_listed_newest_first(admin: Any, database: Database) -> None:
    empty = admin("suppression", "list", "--workspace", "acme")
    assert (empty.exit_code, empty.stdout, empty.stderr) == (0, "", "This workspace sends to every address.\n")
    with database.begin() as connection:
        many = [NewSuppression(f"{n}@example.com", Origin.BOUNCE) for n in range(2000)]
        suppressions.add(connection, workspace_id(database, "acme"), many)
    admin("suppression", "add", "--workspace", "acme", ONE)
    lines = admin("suppression", "list", "--workspace", "acme").stdout.splitlines()
    assert len(lines) == 2001
    assert re.fullmatch(rf"[0-9a-f-]{{36}}  {MOMENT}  manual     {ONE}", lines[0])
    assert re.fullmatch(rf"[0-9a-f-]{{36}}  {MOMENT}  bounce     1999@example\.com", lines[1])
    assert admin("suppression", "list", "--workspace", "other").stdout == ""


def test_a_removed_one_is_gone_and_the_provider_will_be_told(admin: Any, database: Database) -> None:
    admin("suppression", "add", "--workspace", "acme", ONE)
    record = kept(database, ONE)
    assert record is not None
    foreign = admin("suppression", "remove", "--workspace", "other", ONE)
    assert (foreign.exit_code, foreign.stdout) == (1, "")
    assert foreign.stderr == "There is no such suppression in this workspace; `suppression list` shows them.\n"
    done = admin("suppression", "remove", "--workspace", "acme", "One@例え.jp")
    found = re.fullmatch(rf"Removed {record.id}; request ([0-9a-f]{{32}}) in the logs\.\n", done.stdout)
    assert found is not None
    assert kept(database, ONE) is None
    with database.read() as connection:
        [job] = connection.execute(select(ProviderJob.kind, ProviderJob.subject, ProviderJob.request_id)).all()
    assert job == ("unsuppress", ONE, found[1])
    assert admin("suppression", "remove", "--workspace", "acme", ONE).exit_code == 1


@pytest.mark.parametrize("command", [("list",), ("add", ONE), ("remove", ONE)])
def test_an_unknown_workspace_names_those_that_there_are(
    admin: Any, database: Database, command: tuple[str, ...]
) -> None:
    done = admin("suppression", *command, "--workspace", "acne")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "no such workspace. There are: acme, other\n" in done.stderr


@pytest.mark.parametrize("command", ["add", "remove"])
@pytest.mark.parametrize("address", ["nobody", "", "a@b"])
def test_what_is_no_address_is_refused(admin: Any, command: str, address: str) -> None:
    done = admin("suppression", command, "--workspace", "acme", address)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "ADDRESS" in done.stderr
