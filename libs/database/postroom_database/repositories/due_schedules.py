"""Schedules of all workspaces, as the scheduler sees them: which are due, and what became of their slots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from postroom_database.models import Schedule, ScheduleSlot
from postroom_database.types import AnyRow, Now
from postroom_domain.catch_up import Outcome
from postroom_domain.schedules import ScheduleStatus
from postroom_domain.timetables import Slot

_ACTIVE = Schedule.status == ScheduleStatus.ACTIVE.value


@dataclass(frozen=True, slots=True)
class SlotNote:
    """What became of a slot."""

    slot: Slot
    outcome: Outcome
    email_id: UUID | None = None
    reason: str | None = None


def due(connection: Connection, limit: int) -> list[UUID]:
    """Active schedules whose next slot has come, the longest due first."""
    return list(
        connection.execute(
            select(Schedule.id).where(Schedule.next_at <= Now()).order_by(Schedule.next_at).limit(limit)
        ).scalars()
    )


def lock_due(connection: Connection, schedule_id: UUID) -> AnyRow | None:
    """One of them, held until this transaction ends; None: it is not due any more, or somebody else holds it."""
    return connection.execute(
        select(Schedule.__table__, Now().label("now"))
        .where(Schedule.id == schedule_id, Schedule.next_at <= Now())
        .with_for_update(skip_locked=True)
    ).one_or_none()


def active(connection: Connection, after: UUID | None, limit: int) -> Sequence[AnyRow]:
    """Active schedules in order of their ids: how they are timed."""
    found = select(
        Schedule.id,
        Schedule.cron,
        Schedule.timezone,
        Schedule.starts_at,
        Schedule.ends_at,
        Schedule.next_slot,
        Schedule.next_at,
    ).where(_ACTIVE)
    if after is not None:
        found = found.where(Schedule.id > after)
    return connection.execute(found.order_by(Schedule.id).limit(limit)).all()


def pause(connection: Connection, schedule_id: UUID, reason: str) -> None:
    """Stop a schedule that cannot go on; it waits for its client."""
    paused = {"status": ScheduleStatus.PAUSED.value, "next_slot": None, "next_at": None, "reason": reason}
    connection.execute(update(Schedule).where(Schedule.id == schedule_id).values(**paused))


def taken(connection: Connection, schedule_id: UUID, slots: Iterable[Slot]) -> frozenset[str]:
    """Which of these slots something became of already."""
    texts = [slot.text for slot in slots]
    found = select(ScheduleSlot.slot).where(ScheduleSlot.schedule_id == schedule_id, ScheduleSlot.slot.in_(texts))
    return frozenset(connection.execute(found).scalars())


def note(connection: Connection, schedule_id: UUID, notes: Sequence[SlotNote]) -> None:
    """Write down what became of slots; a slot that was written already raises SQLAlchemy's IntegrityError."""
    if notes:
        connection.execute(insert(ScheduleSlot), [_row(schedule_id, one) for one in notes])


def advance(connection: Connection, schedule_id: UUID, following: Slot | None, **values: Any) -> None:
    """Go on to another slot; without one the schedule has ended."""
    moved: dict[str, Any]
    if following is None:
        moved = {"status": ScheduleStatus.ENDED.value, "next_slot": None, "next_at": None}
    else:
        moved = {"next_slot": following.text, "next_at": following.at}
    connection.execute(update(Schedule).where(Schedule.id == schedule_id).values(**moved, **values))


def move(connection: Connection, schedule_id: UUID, slot: str, at: datetime) -> bool:
    """Say at which moment a slot is due by other rules; False when the schedule has gone on since."""
    moved = connection.execute(
        update(Schedule).where(Schedule.id == schedule_id, Schedule.next_slot == slot).values(next_at=at)
    )
    return moved.rowcount == 1


def removed(connection: Connection, limit: int) -> list[UUID]:
    """Schedules that clients removed and whose rows are still there."""
    found = select(Schedule.id).where(Schedule.status == ScheduleStatus.REMOVED.value).limit(limit)
    return list(connection.execute(found).scalars())


def forget(connection: Connection, schedule_id: UUID, limit: int) -> bool:
    """Delete slots of a removed schedule, and itself when none is left; whether it is gone."""
    found = select(ScheduleSlot.slot).where(ScheduleSlot.schedule_id == schedule_id).limit(limit)
    texts = list(connection.execute(found).scalars())
    if texts:
        connection.execute(
            delete(ScheduleSlot).where(ScheduleSlot.schedule_id == schedule_id, ScheduleSlot.slot.in_(texts))
        )
        return False
    connection.execute(delete(Schedule).where(Schedule.id == schedule_id))
    return True


def _row(schedule_id: UUID, one: SlotNote) -> dict[str, Any]:
    return {
        "schedule_id": schedule_id,
        "slot": one.slot.text,
        "slot_at": one.slot.at,
        "outcome": one.outcome.value,
        "email_id": one.email_id,
        "reason": one.reason,
    }
