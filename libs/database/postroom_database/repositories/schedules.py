"""Schedules as clients manage them. Every query asks for the workspace."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from postroom_database.models import Schedule, ScheduleSlot
from postroom_database.paging import Slice, read_slice
from postroom_database.types import AnyRow, Now
from postroom_domain.ids import new_id
from postroom_domain.schedules import ScheduleStatus
from postroom_domain.timetables import Timetable

_SHOWN = (
    Schedule.id,
    Schedule.name,
    Schedule.cron,
    Schedule.timezone,
    Schedule.starts_at,
    Schedule.ends_at,
    Schedule.catch_up,
    Schedule.catch_up_limit,
    Schedule.status,
    Schedule.reason,
    Schedule.next_slot,
    Schedule.next_at,
    Schedule.created_at,
    Schedule.updated_at,
)
_THERE = Schedule.status != ScheduleStatus.REMOVED.value
_FOUND = select(Schedule.workspace_id, *_SHOWN).where(_THERE)
PAUSED = {"status": ScheduleStatus.PAUSED.value, "next_slot": None, "next_at": None}
"""What makes a schedule fire nothing, for change."""


@dataclass(frozen=True, slots=True)
class SlotSlice:
    """Which part of the slots of a schedule: those after or before a slot's text, in the list's order."""

    limit: int
    after: str | None = None
    before: str | None = None


def now(connection: Connection) -> datetime:
    """The database's clock."""
    return connection.execute(select(Now())).scalar_one()


def add(
    connection: Connection, workspace_id: UUID, key_id: UUID | None, request_id: str, values: dict[str, Any]
) -> UUID:
    """Store a schedule; ``values`` are its other columns."""
    schedule_id = new_id()
    made = {"id": schedule_id, "workspace_id": workspace_id, "key_id": key_id, "request_id": request_id}
    connection.execute(insert(Schedule), [made | values])
    return schedule_id


def page(connection: Connection, workspace_id: UUID, wanted: Slice) -> tuple[Sequence[AnyRow], bool]:
    """Schedules without their emails, newest first, and whether there are more."""
    mine = select(*_SHOWN).where(Schedule.workspace_id == workspace_id, _THERE)
    return read_slice(connection, mine, Schedule.id, wanted)


def get(connection: Connection, workspace_id: UUID, schedule_id: UUID) -> AnyRow | None:
    """A schedule with its email."""
    return connection.execute(
        select(*_SHOWN, Schedule.email).where(Schedule.id == schedule_id, Schedule.workspace_id == workspace_id, _THERE)
    ).one_or_none()


def lock(connection: Connection, workspace_id: UUID, schedule_id: UUID) -> AnyRow | None:
    """A schedule that nobody changes, and whose slots nobody fires, before this transaction ends."""
    return connection.execute(
        select(*_SHOWN, Schedule.email)
        .where(Schedule.id == schedule_id, Schedule.workspace_id == workspace_id, _THERE)
        .with_for_update()
    ).one_or_none()


def find(connection: Connection, schedule_id: UUID) -> AnyRow | None:
    """A schedule of any workspace without its email: for operators."""
    return connection.execute(_FOUND.where(Schedule.id == schedule_id)).one_or_none()


def of_workspace(connection: Connection, workspace_id: UUID) -> Sequence[AnyRow]:
    """Every schedule of a workspace, oldest first, as find gives it."""
    return connection.execute(_FOUND.where(Schedule.workspace_id == workspace_id).order_by(Schedule.id)).all()


def hold(connection: Connection, schedule_id: UUID) -> AnyRow | None:
    """The same as lock, for operators: of any workspace, without its email."""
    return connection.execute(_FOUND.where(Schedule.id == schedule_id).with_for_update()).one_or_none()


def from_now_on(connection: Connection, timetable: Timetable) -> dict[str, Any]:
    """What makes a schedule go on from now, so that it brings nothing for the past, or end: for change."""
    slot = timetable.next(now(connection))
    if slot is None:
        return {"status": ScheduleStatus.ENDED.value, "next_slot": None, "next_at": None}
    return {"status": ScheduleStatus.ACTIVE.value, "next_slot": slot.text, "next_at": slot.at}


def change(connection: Connection, schedule_id: UUID, values: dict[str, Any]) -> None:
    """Change a schedule that this transaction has locked."""
    connection.execute(update(Schedule).where(Schedule.id == schedule_id).values(**values, updated_at=Now()))


def slots(connection: Connection, schedule_id: UUID, wanted: SlotSlice) -> tuple[Sequence[AnyRow], bool]:
    """What became of slots, the newest first, and whether there are more."""
    found = select(
        ScheduleSlot.slot,
        ScheduleSlot.slot_at,
        ScheduleSlot.outcome,
        ScheduleSlot.email_id,
        ScheduleSlot.reason,
        ScheduleSlot.created_at,
    ).where(ScheduleSlot.schedule_id == schedule_id)
    limited = found.limit(wanted.limit + 1)
    if wanted.before is not None:
        rows = connection.execute(limited.where(ScheduleSlot.slot > wanted.before).order_by(ScheduleSlot.slot)).all()
        return rows[: wanted.limit][::-1], len(rows) > wanted.limit
    if wanted.after is not None:
        limited = limited.where(ScheduleSlot.slot < wanted.after)
    rows = connection.execute(limited.order_by(ScheduleSlot.slot.desc())).all()
    return rows[: wanted.limit], len(rows) > wanted.limit
