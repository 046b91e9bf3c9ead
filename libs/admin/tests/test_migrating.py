from typing import Any

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
