"""What becomes of slots that were missed, because no scheduler ran when they were due."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from postroom_domain.timetables import Slot, Timetable

GRACE = timedelta(minutes=5)
"""A slot that is later than this was missed."""

LOOKED_AT = 1000
"""Missed slots of one schedule that are looked at: the newest. Older ones are skipped unseen, however many."""

TOGETHER = 10
"""Slots of one schedule that bring mail in one transaction; the others follow in the next one."""


class CatchUp(StrEnum):
    NONE = "none"
    LATEST = "latest"
    ALL = "all"


class Outcome(StrEnum):
    """What became of a slot."""

    FIRED = "fired"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with slots that are due.

    Attributes:
        fire: those that bring mail now, oldest first.
        next: the slot after all these; None: there is none.
        skipped: the newest of those that bring none; None: there is none.
        skipped_count: how many of those that were looked at.
        skipped_more: whether there may be older ones.
    """

    fire: tuple[Slot, ...]
    next: Slot | None
    skipped: Slot | None = None
    skipped_count: int = 0
    skipped_more: bool = False


def plan(timetable: Timetable, first: Slot, now: datetime, catch_up: CatchUp, limit: int) -> Plan:
    """Decide over a slot that is due, and those after it that are due too.

    Args:
        timetable: of the schedule.
        first: the first that is due.
        now: by the database's clock.
        catch_up: what the client wants with slots that were missed.
        limit: how many of them ``all`` fires.
    """
    if now - first.at <= GRACE:
        return Plan((first,), timetable.next(first.at))
    due = timetable.newest(first, now, LOOKED_AT)
    match catch_up:
        case CatchUp.NONE:
            fired = [slot for slot in due if now - slot.at <= GRACE]
        case CatchUp.LATEST:
            fired = due[-1:]
        case CatchUp.ALL:
            fired = due[-limit:]
    skipped = due[: len(due) - len(fired)]
    last = fired[:TOGETHER][-1] if fired else due[-1]
    return Plan(
        tuple(fired[:TOGETHER]),
        timetable.next(last.at),
        skipped=skipped[-1] if skipped else None,
        skipped_count=len(skipped),
        skipped_more=len(due) == LOOKED_AT,
    )
