"""Recurring schedules: an email for each slot, whatever happens once.

One transaction holds the schedule's row, writes what became of the slot together with its email, and goes on to the
next slot. Whoever dies in it has done nothing; whoever comes second finds the row held or the slot gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from loguru import logger
from sqlalchemy import Connection

from postroom_database.drafts import Draft
from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.repositories import due_schedules, emails
from postroom_database.repositories.due_schedules import SlotNote
from postroom_database.types import AnyRow
from postroom_domain import catch_up
from postroom_domain.catch_up import CatchUp, Outcome, Plan
from postroom_domain.errors import DomainError, InvalidZone
from postroom_domain.schedules import read_timetable
from postroom_domain.timetables import Slot, Timetable
from postroom_scheduler.metrics import LATENESS, SLOTS
from postroom_scheduler.recurring import draft_email, write_email
from postroom_tracing.identity import Origin
from postroom_tracing.traces import TRACES

_ROUND = 1000
"""Schedules a round at most, each in a transaction of its own."""
_REVIEWED = 500
_FORGOTTEN = 1000


@dataclass(slots=True)
class _Told:
    """What to log and count once it is committed."""

    schedule: AnyRow
    lines: list[Callable[[], None]] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    outcomes: list[tuple[Outcome, int]] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    began_at: int = field(default_factory=TRACES.now)

    def line(self, level: str, event: str, **data: object) -> None:
        about = {"workspace_id": str(self.schedule.workspace_id), "schedule_id": str(self.schedule.id)}
        self.lines.append(partial(logger.log, level, event, **about, **data))

    def tell(self) -> None:
        for write in self.lines:
            write()
        for draft in self.drafts:
            of, attributes = Origin(draft.request_id), {"postroom.email_id": str(draft.id)}
            TRACES.tell("slot.fired", attributes, kind="producer", began_at=self.began_at, of=of, own=draft.id)
        for outcome, count in self.outcomes:
            SLOTS.labels(outcome.value).inc(count)
        for seconds in self.lateness:
            LATENESS.observe(seconds)


def fire_slots(database: Database, *, verified_only: bool) -> None:
    """Write the emails of slots that are due.

    Args:
        database: where schedules are.
        verified_only: whether senders must be in verified domains.

    Raises:
        DatabaseUnavailable: the database is away.
        Exception: what went wrong with one schedule, after all others had their turn.
    """
    with database.read() as connection:
        found = due_schedules.due(connection, _ROUND)
    trouble: Exception | None = None
    for schedule_id in found:
        try:
            with database.begin() as connection:
                told = _fire(connection, schedule_id, verified_only=verified_only)
        except DatabaseUnavailable:
            raise
        except Exception as problem:  # noqa: BLE001 - raised below: one schedule must not keep the others from firing
            trouble = trouble or problem
        else:
            if told is not None:
                told.tell()
    if trouble is not None:
        raise trouble


def review_schedules(database: Database) -> None:
    """Compute anew when slots are due, because a new release knows new rules of zones; delete what clients removed."""
    last: UUID | None = None
    while True:
        with database.read() as connection:
            rows = due_schedules.active(connection, last, _REVIEWED)
        if not rows:
            break
        last = rows[-1].id
        for row in rows:
            at = _moment(row)
            if at not in {None, row.next_at}:
                with database.begin() as connection:
                    moved = due_schedules.move(connection, row.id, row.next_slot, at)
                if moved:
                    logger.info("slot.moved", schedule_id=str(row.id), slot=row.next_slot, at=at.isoformat())
    _forget_removed(database)


def _moment(schedule: AnyRow) -> datetime | None:
    """When its next slot is due; None for a zone that is known no more: the schedule is paused when it is due."""
    try:
        return _timetable(schedule).moment(schedule.next_slot)
    except InvalidZone:
        return None


def _forget_removed(database: Database) -> None:
    with database.read() as connection:
        removed = due_schedules.removed(connection, _ROUND)
    for schedule_id in removed:
        gone = False
        while not gone:
            with database.begin() as connection:
                gone = due_schedules.forget(connection, schedule_id, _FORGOTTEN)


def _fire(connection: Connection, schedule_id: UUID, *, verified_only: bool) -> _Told | None:
    schedule = due_schedules.lock_due(connection, schedule_id)
    if schedule is None:
        return None
    told = _Told(schedule)
    try:
        timetable = _timetable(schedule)
    except InvalidZone:
        reason = f"The time zone {schedule.timezone} is not known any more."
        due_schedules.pause(connection, schedule.id, reason)
        told.line("WARNING", "schedule.paused", reason=reason)
        return told
    first = Slot(schedule.next_slot, timetable.moment(schedule.next_slot))
    if first.at > schedule.now:  # the rules of the zone have changed since it was computed
        due_schedules.advance(connection, schedule.id, first)
        told.line("INFO", "slot.moved", slot=first.text, at=first.at.isoformat())
        return told
    plan = catch_up.plan(timetable, first, schedule.now, CatchUp(schedule.catch_up), schedule.catch_up_limit)
    taken = due_schedules.taken(connection, schedule.id, [*plan.fire, *([plan.skipped] if plan.skipped else [])])
    _skip(connection, plan, taken, told)
    free = [slot for slot in plan.fire if slot.text not in taken]
    values = _write(connection, free, told, verified_only=verified_only) if free else {}
    due_schedules.advance(connection, schedule.id, plan.next, **values)
    if plan.next is None:
        told.line("INFO", "schedule.ended")
    return told


def _write(connection: Connection, slots: Sequence[Slot], told: _Told, *, verified_only: bool) -> dict[str, str | None]:
    """Write the emails of slots, or that there are none; what the schedule then says of it."""
    schedule = told.schedule
    try:
        written = write_email(connection, schedule, verified_only=verified_only)
    except DomainError as problem:
        reason = str(problem)
        due_schedules.note(connection, schedule.id, [SlotNote(slot, Outcome.FAILED, reason=reason) for slot in slots])
        for slot in slots:
            told.line("WARNING", "slot.failed", slot=slot.text, reason=reason)
        told.outcomes.append((Outcome.FAILED, len(slots)))
        return {"reason": reason}
    drafts = [draft_email(schedule, written) for _ in slots]
    notes = [SlotNote(slot, Outcome.FIRED, draft.id) for slot, draft in zip(slots, drafts, strict=True)]
    due_schedules.note(connection, schedule.id, notes)
    emails.add(connection, drafts, hinted=False)
    told.drafts += drafts
    for slot, draft in zip(slots, drafts, strict=True):
        late = (schedule.now - slot.at).total_seconds()
        told.lateness.append(late)
        about = {"request_id": draft.request_id, "email_id": str(draft.id)}
        told.line("INFO", "slot.fired", **about, slot=slot.text, late_seconds=round(late, 3))
    told.outcomes.append((Outcome.FIRED, len(slots)))
    return {"reason": None}


def _skip(connection: Connection, plan: Plan, taken: frozenset[str], told: _Told) -> None:
    """One row for all that are skipped, whose last one it names."""
    if plan.skipped is None:
        return
    count = f"{plan.skipped_count}{' or more' if plan.skipped_more else ''}"
    reason = f"missed, because no scheduler was running; skipped up to this one: {count}"
    if plan.skipped.text not in taken:
        due_schedules.note(connection, told.schedule.id, [SlotNote(plan.skipped, Outcome.SKIPPED, reason=reason)])
    told.line("WARNING", "slots.skipped", slot=plan.skipped.text, count=plan.skipped_count, more=plan.skipped_more)
    told.outcomes.append((Outcome.SKIPPED, plan.skipped_count))


def _timetable(schedule: AnyRow) -> Timetable:
    return read_timetable(schedule.cron, schedule.timezone, schedule.starts_at, schedule.ends_at)
