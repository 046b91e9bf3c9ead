import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from postroom_database.engine import Database
from postroom_migrations.migrate import head, revision
from postroom_testing.mariadb import MariaDb

SECONDS = 60


def test_an_empty_database_is_migrated_once(empty_admin: Any) -> None:
    first, second = empty_admin("migrate"), empty_admin("migrate")
    assert (first.exit_code, first.stdout) == (0, f"The schema is at {head()}; it was empty.\n")
    assert (second.exit_code, second.stdout) == (0, f"The schema is at {head()}; there was nothing to do.\n")


def test_two_at_once_are_no_trouble(empty_admin: Any, mariadb_url: str) -> None:
    processes = [empty_admin.start("migrate") for _ in range(2)]
    outputs = [process.communicate(timeout=SECONDS) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(out for out, _ in outputs) == [
        f"The schema is at {head()}; it was empty.\n",
        f"The schema is at {head()}; there was nothing to do.\n",
    ]
    assert [err for _, err in outputs] == ["", ""]
    database = Database(mariadb_url)
    assert revision(database) == head()
    database.close()


def test_a_database_that_hangs_is_given_up_after_its_time_out(empty_admin: Any, mariadb: MariaDb) -> None:
    mariadb.pause()
    try:
        done = empty_admin("migrate")
    finally:
        mariadb.resume()
    assert (done.exit_code, done.stdout) == (69, "")
    assert done.stderr == "The database does not answer. `doctor` says more.\n"


def status(admin: Any) -> tuple[int, dict[str, Any]]:
    done = admin("migrate", "status", "--json")
    assert done.stderr == ""
    return done.exit_code, json.loads(done.stdout)


def set_schema(admin: Any, found: str, oldest: str) -> None:
    database = Database(admin.environment["POSTROOM_DATABASE_URL"])
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
        connection.execute(text("UPDATE served_releases SET oldest = :oldest"), {"oldest": oldest})
    database.close()


@pytest.mark.parametrize("on", ["mariadb", "sqlite"])
def test_the_status_says_what_migrating_would_do_and_does_nothing(
    new_admin: Any, request: pytest.FixtureRequest, tmp_path: Path, on: str
) -> None:
    sqlite = f"sqlite:///{tmp_path / 'postroom.db'}"
    admin = new_admin(sqlite if on == "sqlite" else request.getfixturevalue("mariadb_url"))
    every = [f"{number:04}" for number in range(1, int(head()) + 1)]
    empty = {"schema": None, "oldest_served": None, "release": head(), "standing": "behind", "pending": every}
    for _ in range(2):
        assert status(admin) == (1, empty)
    assert admin("migrate", "up").stdout == f"The schema is at {head()}; it was empty.\n"
    code, found = status(admin)
    assert (code, found["schema"], found["standing"], found["pending"]) == (0, head(), "current", [])
    set_schema(admin, "0003", "0001")
    code, found = status(admin)
    assert (code, found["standing"], found["pending"]) == (1, "behind", every[3:])
    set_schema(admin, "9998", head())
    code, found = status(admin)
    assert (code, found["standing"], found["pending"]) == (0, "ahead, and serves this release", [])
    set_schema(admin, "9998", "9998")
    code, found = status(admin)
    assert (code, found["standing"]) == (65, "does not serve this release")
    assert "standing       does not serve this release\n" in admin("migrate", "status").stdout


def test_without_a_command_it_migrates_and_an_unknown_one_is_refused(empty_admin: Any) -> None:
    assert empty_admin("migrate", "down").exit_code == 2
    assert status(empty_admin)[0] == 1
    assert empty_admin("migrate").exit_code == 0
    assert status(empty_admin)[0] == 0
