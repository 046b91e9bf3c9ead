import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from postroom_database.engine import Database
from postroom_database.models import Email, Workspace
from postroom_database.types import Now
from postroom_domain.lanes import Lane
from postroom_testing.drafts import draft, store

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
ID = r"[0-9a-f-]{36}"


@pytest.fixture
def database(database: Database, two_workspaces: None) -> Database:
    return database


def workspace(database: Database, name: str = "acme") -> Any:
    with database.read() as connection:
        return connection.execute(select(Workspace.__table__).where(Workspace.name == name)).one()


def park(database: Database, workspace_id: UUID, count: int, lane: Lane = Lane.BULK, **changes: Any) -> None:
    """Store emails that are tried again in an hour."""
    drafts = [draft(workspace_id, lane=lane) for _ in range(count)]
    store(database, *drafts)
    with database.begin() as connection:
        connection.execute(
            update(Email).where(Email.id.in_([one.id for one in drafts])).values({"due_at": Now(3600)} | changes)
        )


def waiting(database: Database, workspace_id: UUID, state: str = "queued") -> int:
    with database.read() as connection:
        return connection.execute(
            select(func.count()).where(Email.workspace_id == workspace_id, Email.state == state, Email.due_at > Now())
        ).scalar_one()


def test_a_workspace_is_suspended_once_and_keeps_its_first_reason(admin: Any, database: Database) -> None:
    first = admin("workspace", "suspend", "acme", "--reason", "it sends to bought lists")
    assert (first.exit_code, first.stdout) == (0, "Suspended acme: its mail waits until `workspace resume`.\n")
    before = workspace(database)
    assert (before.suspended_reason, before.resumed_at) == ("it sends to bought lists", None)
    again = admin("workspace", "suspend", "acme", "--reason", "another")
    assert again.exit_code == 0
    assert again.stdout == "acme is suspended already: left as it is. `workspace list` says why.\n"
    assert workspace(database) == before
    assert workspace(database, "other").suspended_at is None


def test_resuming_makes_its_waiting_mail_due_and_nothing_else(admin: Any, database: Database) -> None:
    mine, other = workspace(database).id, workspace(database, "other").id
    admin("workspace", "suspend", "acme", "--reason", "why")
    park(database, mine, 1100)
    park(database, mine, 2, Lane.INTERACTIVE)
    park(database, mine, 1, state="suspect")
    park(database, mine, 1, state="scheduled")
    park(database, mine, 1, state="unknown")
    park(database, other, 3)
    done = admin("workspace", "resume", "acme")
    assert (done.exit_code, done.stdout) == (0, "Resumed acme; waiting emails that are due now: 1103.\n")
    assert [waiting(database, mine, state) for state in ("queued", "suspect", "scheduled", "unknown")] == [0, 0, 1, 1]
    assert waiting(database, other) == 3
    with database.read() as connection:
        hinted = select(func.count()).where(Email.workspace_id == mine, Email.hinted_at.is_not(None))
        assert connection.execute(hinted.where(Email.state == "queued")).scalar_one() == 0
    resumed = workspace(database)
    assert (resumed.suspended_at, resumed.suspended_reason) == (None, None)
    assert resumed.resumed_at is not None


def test_resuming_again_says_so_and_keeps_the_clean_slate_as_it_was(admin: Any, database: Database) -> None:
    admin("workspace", "suspend", "acme", "--reason", "why")
    admin("workspace", "resume", "acme")
    before = workspace(database)
    park(database, before.id, 1)
    done = admin("workspace", "resume", "acme")
    assert (done.exit_code, done.stdout) == (0, "acme is not suspended; waiting emails that are due now: 1.\n")
    assert workspace(database) == before


def test_the_list_says_who_is_suspended_since_when_and_why(admin: Any, database: Database) -> None:
    admin("workspace", "suspend", "other", "--reason", "it sends to bought lists")
    lines = admin("workspace", "list").stdout.splitlines()
    assert re.fullmatch(rf"{workspace(database).id}  {MOMENT}  active     acme", lines[0])
    assert re.fullmatch(rf"{ID}  {MOMENT}  suspended  other  since {MOMENT}: it sends to bought lists", lines[1])
    assert len(lines) == 2


def test_an_empty_list_says_what_to_do(admin: Any) -> None:
    done = admin("workspace", "list")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "There are no workspaces; make one with `workspace create NAME`.\n"


@pytest.mark.parametrize("command", [("suspend", "acne", "--reason", "why"), ("resume", "acne")])
def test_an_unknown_workspace_names_those_that_there_are(
    admin: Any, database: Database, command: tuple[str, ...]
) -> None:
    done = admin("workspace", *command)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "NAME: there is no such workspace. There are: acme, other\n" in done.stderr


@pytest.mark.parametrize("reason", ["", "x" * 1001, "a\nb", "\x1b[31m"])
def test_a_reason_that_cannot_be_shown_is_refused(admin: Any, database: Database, reason: str) -> None:
    done = admin("workspace", "suspend", "acme", "--reason", reason)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "--reason" in done.stderr
    assert workspace(database).suspended_at is None


def test_a_reason_must_be_given(admin: Any, database: Database) -> None:
    assert admin("workspace", "suspend", "acme").exit_code == 2
