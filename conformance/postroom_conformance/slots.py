"""Slots that are due while two schedulers run."""

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

from sqlalchemy import select

from postroom_database.engine import Database
from postroom_database.models import Workspace
from postroom_database.repositories import schedules
from postroom_images_testing.container import Container
from postroom_images_testing.stack import Stack
from postroom_testing.schedules import EMAIL, schedule


def store_due(stack: Stack, count: int) -> list[str]:
    """Schedules with one slot that is due, and none other within the hour; the subjects of their emails."""
    subjects = [f"slot {number} {secrets.token_hex(4)}" for number in range(count)]
    with closing(Database(stack.database_url())) as database:
        for subject in subjects:
            store(database, subject)
    return subjects


def store(database: Database, subject: str) -> None:
    """One such schedule."""
    with database.read() as connection:
        due = schedules.now(connection) - timedelta(minutes=2)
        workspace_id = connection.execute(select(Workspace.id).where(Workspace.name == "one")).scalar_one()
    schedule(
        database,
        behind=timedelta(minutes=4),
        cron=f"{due.minute} * * * *",
        timezone="UTC",
        email=EMAIL | {"subject": subject},
        workspace_id=workspace_id,
    )


def subjects_arrived(stack: Stack) -> list[str]:
    """Of all that SES took, one for each time."""
    return [
        line.removeprefix(b"Subject: ").decode()
        for mail in list(stack.ses.mails)
        for line in mail.raw.split(b"\r\n\r\n")[0].split(b"\r\n")
        if line.startswith(b"Subject: ")
    ]


def resume_together(containers: Sequence[Container]) -> None:
    """At the same moment, so that all of them meet what is due."""
    with ThreadPoolExecutor() as resuming:
        list(resuming.map(Container.resume, containers))
