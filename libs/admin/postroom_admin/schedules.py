import sys
from collections.abc import Callable
from typing import Any, NoReturn
from uuid import UUID

import click
from sqlalchemy import Connection

from postroom_admin.ids import read_id
from postroom_admin.opening import opened_database
from postroom_admin.printing import Column, Section, json_option, print_list, print_one
from postroom_admin.workspaces import find_workspace, workspace_option
from postroom_database.repositories import audit, schedules
from postroom_database.repositories.schedules import SlotSlice
from postroom_database.types import AnyRow
from postroom_database.writing import write
from postroom_domain.errors import InvalidCron, InvalidZone
from postroom_domain.schedules import ScheduleStatus, read_timetable

_SLOTS = 20
_COLUMNS = (
    Column("id", 36),
    Column("status", 6),
    Column("next_at", 24),
    Column("cron", 15),
    Column("timezone", 15),
    Column("name"),
    Column("reason"),
)
_SECTIONS = {
    "slots": Section(
        (Column("slot", 19), Column("outcome", 7), Column("email_id", 36), Column("reason")), "none has passed yet"
    )
}
_id = click.argument("schedule_id", callback=read_id)


@click.group("schedule")
def schedule_group() -> None:
    """Schedules: recurring sends. Clients make them."""


@schedule_group.command("list")
@workspace_option
@json_option
def list_schedules(workspace: str, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List a workspace's schedules: id, where it stands, next due, cron line, zone, name, why the last slot failed."""
    with opened_database() as database, database.read() as connection:
        found = schedules.of_workspace(connection, find_workspace(connection, workspace))
    records = (row._asdict() for row in found)
    nothing = "There are no schedules yet; clients add them with POST /schedules."
    print_list(records, _COLUMNS, as_json=as_json, nothing=nothing)


@schedule_group.command("show")
@_id
@json_option
def show(schedule_id: UUID, as_json: bool) -> None:  # noqa: FBT001 - click's way
    """Show the schedule SCHEDULE_ID: whose it is, when it is due, and what became of its newest slots."""
    with opened_database() as database, database.read() as connection:
        found = schedules.find(connection, schedule_id)
        slots, _ = schedules.slots(connection, schedule_id, SlotSlice(_SLOTS))
    if found is None:
        _give_up()
    record = found._asdict() | {"slots": [row._asdict() for row in slots]}
    print_one(record, as_json=as_json, sections=_SECTIONS)


@schedule_group.command("pause")
@_id
def pause(schedule_id: UUID) -> None:
    """Let the schedule SCHEDULE_ID bring nothing until it is resumed. Pausing twice is no error."""
    done, status = _move(schedule_id, ScheduleStatus.ACTIVE, lambda _, __: schedules.PAUSED, "schedule.paused")
    _report(schedule_id, status, ScheduleStatus.PAUSED, f"Paused {schedule_id}." if done else None)


@schedule_group.command("resume")
@_id
def resume(schedule_id: UUID) -> None:
    """Let the schedule SCHEDULE_ID go on from now: what was due meanwhile is not caught up. Twice is no error."""

    def go_on(connection: Connection, held: AnyRow) -> dict[str, Any]:
        timetable = read_timetable(held.cron, held.timezone, held.starts_at, held.ends_at)
        return schedules.from_now_on(connection, timetable) | {"reason": None}

    try:
        done, status = _move(schedule_id, ScheduleStatus.PAUSED, go_on, "schedule.resumed")
    except (InvalidCron, InvalidZone) as problem:
        click.echo(f"{schedule_id} cannot go on: {problem}. Left as it is.", err=True)
        sys.exit(1)
    if done and status is ScheduleStatus.ENDED:
        click.echo(f"{schedule_id} has no slot left: it has ended.")
        return
    _report(schedule_id, status, ScheduleStatus.ACTIVE, f"Resumed {schedule_id}." if done else None)


def _move(
    schedule_id: UUID,
    wanted: ScheduleStatus,
    change: Callable[[Connection, AnyRow], dict[str, Any]],
    action: str,
) -> tuple[bool, ScheduleStatus]:
    """Change a schedule that stands so; whether that was done, and how it stands."""

    def act(connection: Connection) -> tuple[bool, ScheduleStatus]:
        held = schedules.hold(connection, schedule_id)
        if held is None:
            _give_up()
        if held.status != wanted:
            return False, ScheduleStatus(held.status)
        values = change(connection, held)
        schedules.change(connection, schedule_id, values)
        audit.note(connection, held.workspace_id, audit.OPERATOR, action, schedule_id)
        return True, ScheduleStatus(values["status"])

    with opened_database() as database:
        return write(database, act)


def _report(schedule_id: UUID, found: ScheduleStatus, wanted: ScheduleStatus, done: str | None) -> None:
    if done is not None:
        click.echo(done)
    elif found is wanted:
        click.echo(f"{schedule_id} is {wanted.value} already: left as it is.")
    else:
        click.echo(f"{schedule_id} is {found.value}: left as it is.", err=True)
        sys.exit(1)


def _give_up() -> NoReturn:
    click.echo("There is no such schedule; `schedule list` shows those of a workspace.", err=True)
    sys.exit(1)
