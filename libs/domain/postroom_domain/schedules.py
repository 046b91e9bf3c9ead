"""What can be true of a schedule, and when it is due."""

from datetime import datetime
from enum import StrEnum

from postroom_domain.cron import Cron, read_zone
from postroom_domain.timetables import Timetable


class ScheduleStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
    """No slot is left before its end."""
    REMOVED = "removed"
    """Ours: its slots are still to be deleted."""


def read_timetable(cron: str, timezone: str, starts_at: datetime | None, ends_at: datetime | None) -> Timetable:
    """The slots of a schedule.

    Raises:
        InvalidCron: the line is none.
        InvalidZone: no such zone is known to this release.
    """
    return Timetable(Cron(cron), read_zone(timezone), starts_at, ends_at)
