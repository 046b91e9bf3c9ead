"""After a restore: mail that was on its way when the backup was made may have been sent since, and slots have fired."""

from collections import Counter

from sqlalchemy import Connection, select, update

from postroom_database.models import Email
from postroom_database.repositories import audit, due_schedules, timelines
from postroom_database.repositories.due_schedules import SlotNote
from postroom_database.types import Now
from postroom_domain.catch_up import Outcome
from postroom_domain.errors import InvalidZone
from postroom_domain.schedules import read_timetable
from postroom_domain.states import HeldBecause, State
from postroom_domain.timetables import Slot

ON_ITS_WAY = (State.QUEUED, State.SENDING, State.UNKNOWN, State.SUSPECT, State.SCHEDULED)
"""Of the scheduled, those whose time has come; the others nobody can have sent yet."""


def hold(connection: Connection, state: State, *, limit: int) -> int:
    """Hold emails that are on their way, in one state of ``ON_ITS_WAY``; how many, 0 when there are no more.

    The audit is told of each workspace's together: there may be very many.

    Args:
        connection: in a writing transaction.
        state: in which they were restored.
        limit: the most emails of one call.
    """
    which = Email.state == state.value
    if state is State.SCHEDULED:
        which &= Email.due_at <= Now()
    found = connection.execute(select(Email.id, Email.workspace_id).where(which).limit(limit).with_for_update()).all()
    if not found:
        return 0
    reason = f"it was {state.value} when the backup was made, and may have been sent since"
    connection.execute(
        update(Email)
        .where(Email.id.in_([email.id for email in found]))
        .values(
            state=State.HELD.value,
            held_because=HeldBecause.RESTORED.value,
            reason=reason,
            due_at=Now(),
            hinted_at=None,
            lease_token=None,
            lease_ends_at=None,
            **({"last_event": State.QUEUED.value} if state is State.SCHEDULED else {}),
        )
    )
    held = timelines.held(HeldBecause.RESTORED, reason)
    timelines.append_all(connection, [(email.workspace_id, email.id, held) for email in found])
    for workspace_id, count in Counter(email.workspace_id for email in found).items():
        what = {"count": count, "because": HeldBecause.RESTORED.value}
        audit.note(connection, workspace_id, audit.OPERATOR, "email.held", data=what)
    return len(found)


def pass_slots(connection: Connection, *, limit: int) -> int:
    """Move schedules that are due beyond now; how many, 0 when there are no more.

    The slot that each stood at is skipped, and says why.
    """
    moved = 0
    for schedule_id in due_schedules.due(connection, limit):
        schedule = due_schedules.lock_due(connection, schedule_id)
        if schedule is None:
            continue
        moved += 1
        try:
            timetable = read_timetable(schedule.cron, schedule.timezone, schedule.starts_at, schedule.ends_at)
        except InvalidZone:
            due_schedules.pause(connection, schedule.id, f"The time zone {schedule.timezone} is not known any more.")
            continue
        first = Slot(schedule.next_slot, schedule.next_at)
        if not due_schedules.taken(connection, schedule.id, [first]):
            reason = "it was due after the backup was made, and may have fired since"
            due_schedules.note(connection, schedule.id, [SlotNote(first, Outcome.SKIPPED, reason=reason)])
        due_schedules.advance(connection, schedule.id, timetable.next(schedule.now))
    return moved
