import json
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from postroom_database.engine import Database
from postroom_database.models import Schedule, ScheduleSlot
from postroom_database.repositories import workspaces
from postroom_domain.ids import new_id
from postroom_testing.schedules import schedule

UNKNOWN = "There is no such schedule; `schedule list` shows those of a workspace.\n"
PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def workspace_id(either_admin: Any, either_database: Database) -> UUID:
    assert either_admin("workspace", "create", "acme").exit_code == 0
    with either_database.read() as connection:
        found = workspaces.find(connection, "acme")
    assert found is not None
    return found


def row(database: Database, schedule_id: UUID) -> Any:
    with database.read() as connection:
        return connection.execute(select(Schedule.__table__).where(Schedule.id == schedule_id)).one()


def test_schedules_are_listed_oldest_first(either_admin: Any, either_database: Database, workspace_id: UUID) -> None:
    empty = either_admin("schedule", "list", "--workspace", "acme")
    assert (empty.exit_code, empty.stdout) == (0, "")
    assert empty.stderr == "There are no schedules yet; clients add them with POST /schedules.\n"
    one = schedule(either_database, workspace_id=workspace_id)
    two = schedule(either_database, workspace_id=workspace_id, status="paused", next_at=None, next_slot=None)
    schedule(either_database, workspace_id=workspace_id, status="removed")
    schedule(either_database)
    first, second = either_admin("schedule", "list", "--workspace", "acme").stdout.splitlines()
    assert re.fullmatch(rf"{one}  active  \d{{4}}-[0-9:T.-]+Z  \* \* \* \* \* +Europe/Berlin +Weekly", first)
    assert re.fullmatch(rf"{two}  paused {{28}}\* \* \* \* \* +Europe/Berlin +Weekly", second)


def test_one_is_shown_with_its_slots(either_admin: Any, either_database: Database, workspace_id: UUID) -> None:
    schedule_id = schedule(either_database, workspace_id=workspace_id)
    assert either_admin("schedule", "show", str(schedule_id)).stdout.endswith("\n\nslots\n  none has passed yet\n")
    slot = {"schedule_id": schedule_id, "slot": "2026-01-01T09:00:00", "slot_at": PAST, "outcome": "failed"}
    with either_database.begin() as connection:
        connection.execute(insert(ScheduleSlot).values(**slot, reason="why"))
    done = either_admin("schedule", "show", str(schedule_id))
    assert (done.exit_code, done.stderr) == (0, "")
    assert re.search(r"(?m)^timezone +Europe/Berlin$", done.stdout)
    assert re.search(r"(?m)^  2026-01-01T09:00:00  failed +why$", done.stdout)
    whole = json.loads(either_admin("schedule", "show", str(schedule_id), "--json").stdout)
    assert (whole["id"], whole["workspace_id"], whole["slots"][0]["outcome"]) == (
        str(schedule_id),
        str(workspace_id),
        "failed",
    )


def test_one_is_paused_and_goes_on_from_now(either_admin: Any, either_database: Database, workspace_id: UUID) -> None:
    schedule_id = schedule(either_database, workspace_id=workspace_id)
    done = either_admin("schedule", "pause", str(schedule_id))
    assert (done.exit_code, done.stdout) == (0, f"Paused {schedule_id}.\n")
    paused = row(either_database, schedule_id)
    assert (paused.status, paused.next_at, paused.next_slot) == ("paused", None, None)
    again = either_admin("schedule", "pause", str(schedule_id))
    assert (again.exit_code, again.stdout) == (0, f"{schedule_id} is paused already: left as it is.\n")
    assert row(either_database, schedule_id) == paused
    done = either_admin("schedule", "resume", str(schedule_id))
    assert (done.exit_code, done.stdout) == (0, f"Resumed {schedule_id}.\n")
    resumed = row(either_database, schedule_id)
    assert resumed.status == "active"
    assert resumed.next_at > resumed.updated_at
    again = either_admin("schedule", "resume", str(schedule_id))
    assert (again.exit_code, again.stdout) == (0, f"{schedule_id} is active already: left as it is.\n")
    assert row(either_database, schedule_id) == resumed


def test_one_that_has_ended_stays_ended(either_admin: Any, either_database: Database, workspace_id: UUID) -> None:
    ended = schedule(either_database, workspace_id=workspace_id, status="ended", next_at=None, next_slot=None)
    for command in ("pause", "resume"):
        done = either_admin("schedule", command, str(ended))
        assert (done.exit_code, done.stdout, done.stderr) == (1, "", f"{ended} is ended: left as it is.\n")
    over = schedule(either_database, workspace_id=workspace_id, status="paused", ends_at=PAST)
    done = either_admin("schedule", "resume", str(over))
    assert (done.exit_code, done.stdout) == (0, f"{over} has no slot left: it has ended.\n")
    assert row(either_database, over).status == "ended"


def test_a_zone_that_this_release_does_not_know_is_told(
    either_admin: Any, either_database: Database, workspace_id: UUID
) -> None:
    schedule_id = schedule(either_database, workspace_id=workspace_id, status="paused")
    with either_database.begin() as connection:
        connection.exec_driver_sql("UPDATE schedules SET timezone = 'Europe/Atlantis'")
    done = either_admin("schedule", "resume", str(schedule_id))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{schedule_id} cannot go on: ")
    assert done.stderr.endswith(". Left as it is.\n")
    assert row(either_database, schedule_id).status == "paused"


@pytest.mark.parametrize("command", ["show", "pause", "resume"])
def test_an_unknown_schedule_is_said_to_be_unknown(admin: Any, command: str) -> None:
    done = admin("schedule", command, str(new_id()))
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", UNKNOWN)
    wrong = admin("schedule", command, "nonsense")
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert "it must be a UUID" in wrong.stderr


def test_a_removed_one_is_unknown(admin: Any, database: Database) -> None:
    removed = schedule(database, status="removed")
    assert admin("schedule", "resume", str(removed)).stderr == UNKNOWN
