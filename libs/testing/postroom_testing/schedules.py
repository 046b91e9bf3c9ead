"""Schedules to store in tests."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from postroom_database.engine import Database
from postroom_database.repositories import schedules
from postroom_domain.schedules import read_timetable

EMAIL = {
    "from": "Reports <reports@example.com>",
    "to": ["team@example.com"],
    "subject": "The week",
    "html": "<p>It is over.</p>",
}


def schedule(database: Database, *, behind: timedelta = timedelta(), **changes: Any) -> UUID:
    """Store an active schedule for each minute, whose next slot is the first one after a time that has passed.

    Args:
        database: where; its clock counts.
        behind: how long ago that was.
        changes: of columns.
    """
    values: dict[str, Any] = {
        "name": "Weekly",
        "cron": "* * * * *",
        "timezone": "Europe/Berlin",
        "email": EMAIL,
        "starts_at": None,
        "ends_at": None,
        "catch_up": "latest",
        "catch_up_limit": 10,
        "status": "active",
    } | changes
    workspace_id = values.pop("workspace_id", None) or uuid4()
    timetable = read_timetable(values["cron"], values["timezone"], values["starts_at"], values["ends_at"])
    with database.begin() as connection:
        first = timetable.next(schedules.now(connection) - behind)
        if first is not None:
            values = {"next_slot": first.text, "next_at": first.at} | values
        return schedules.add(connection, workspace_id, None, "request-1", values)
