"""A scheduler whose host's clock is wrong fires by the database's."""

import os
import subprocess
import sys
from datetime import timedelta

from sqlalchemy import select

from postroom_chaos.ahead import variables
from postroom_database.engine import Database
from postroom_database.models import ScheduleSlot
from postroom_database.repositories import schedules
from postroom_migrations.migrate import migrate
from postroom_testing.schedules import schedule

SCRIPT = """
import sys, time
from postroom_database.engine import Database
from postroom_scheduler.firing import fire_slots
fire_slots(Database(sys.argv[1]), verified_only=False)
print(time.time())
"""


def test_a_clock_that_is_ahead_fires_nothing_early_and_calls_nothing_late(mariadb_url: str) -> None:
    database = Database(mariadb_url, pool_size=2, timeout_seconds=5)
    migrate(database)
    due = schedule(database, behind=timedelta(minutes=1), catch_up="none")
    with database.read() as connection:
        earlier = schedules.now(connection) - timedelta(minutes=2)
    schedule(database, cron=f"{earlier.minute} * * * *", timezone="UTC")  # within the hour
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, mariadb_url],
        env=os.environ | variables() | {"FAKETIME": "+7200s"},
        capture_output=True,
        text=True,
        check=True,
    )
    with database.read() as connection:
        ahead = float(done.stdout) - schedules.now(connection).timestamp()
        found = [(slot.schedule_id, slot.outcome) for slot in connection.execute(select(ScheduleSlot.__table__))]
    database.close()
    assert ahead > 7000
    assert found == [(due, "fired")]
