import os
import signal
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from postroom_admin import retention
from postroom_database.engine import Database
from postroom_database.models import AuditEntry, ContentChunk, Email
from postroom_database.repositories import retention_marks
from postroom_database.types import Now
from postroom_testing.drafts import draft, store
from postroom_testing.server import wait_until

DAY = 86_400.0
SECONDS = 60


def ended(database: Database, days_ago: float, count: int) -> None:
    drafts = [draft() for _ in range(count)]
    store(database, *drafts)
    ids = [one.id for one in drafts]
    with database.begin() as connection:
        connection.execute(update(Email).where(Email.id.in_(ids)).values(state="sent", due_at=Now(-days_ago * DAY)))


def left(database: Database, model: Any) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(model)).scalar_one()


def test_all_that_is_old_enough_is_forgotten_at_once(either_admin: Any, either_database: Database) -> None:
    ended(either_database, 91, 120)
    ended(either_database, 31, 70)
    ended(either_database, 29, 3)
    store(either_database, draft())
    done = either_admin("retention", "run", "--yes")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "Forgotten. bodies: 190, emails: 120.\n"
    assert (left(either_database, Email), left(either_database, ContentChunk)) == (74, 4)
    again = either_admin("retention", "run", "--yes")
    assert (again.exit_code, again.stdout) == (0, "Nothing is old enough.\n")
    assert left(either_database, Email) == 74


def test_the_times_are_those_of_the_configuration(admin: Any, database: Database) -> None:
    assert admin("workspace", "create", "acme").exit_code == 0
    ended(database, 10, 2)
    ended(database, 1000, 2)
    admin.environment |= {
        "POSTROOM_KEEP_BODIES_DAYS": "9",
        "POSTROOM_KEEP_EMAILS_DAYS": "0",
        "POSTROOM_KEEP_AUDIT_DAYS": "0",
    }
    asked = admin("retention", "run")
    assert (asked.exit_code, asked.stdout) == (1, "")
    assert "Kept: bodies 9 days, emails forever, audit forever. Older records are deleted. Go on? [y/N]" in asked.stderr
    assert left(database, ContentChunk) == 4
    assert admin("retention", "run", "--yes").stdout == "Forgotten. bodies: 4.\n"
    assert (left(database, Email), left(database, AuditEntry)) == (4, 1)


def test_it_tells_how_far_it_is(admin: Any, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_TOLD_EVERY", 50)
    ended(database, 31, 120)
    done = admin("retention", "run", "--yes")
    assert (done.stdout, done.stderr) == ("Forgotten. bodies: 120.\n", "bodies: 100 so far\n")


def test_stopped_it_says_what_it_did_and_goes_on_when_run_again(admin: Any, database: Database) -> None:
    ended(database, 91, 40)
    with database.begin() as connection:
        # As a scheduler that is at these holds it; their turn is after that of what was sent.
        retention_marks.take(connection, "bodies:failed:bulk")
        process = admin.start("retention", "run", "--yes", POSTROOM_DATABASE_TIMEOUT_SECONDS="60")

        def waits() -> bool:
            asked = text("SELECT 1 FROM information_schema.processlist WHERE info LIKE '%failed:bulk%FOR UPDATE'")
            return bool(connection.execute(asked).all())

        wait_until(waits, seconds=20, what="the command to wait for a mark")
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (130, "Forgotten. bodies: 40.\n")
    assert err == "Stopped. What is done stays done: run it again for the rest.\n"
    assert left(database, Email) == 40
    assert admin("retention", "run", "--yes").stdout == "Forgotten. emails: 40.\n"
