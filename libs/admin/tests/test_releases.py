"""One release after another on one database: this one, the next, and this one again, as a deploy and a rollback."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import postroom_migrations
from postroom_database.engine import Database
from postroom_database.schema import Schema, read_schema
from postroom_migrations.migrate import head
from postroom_testing.mariadb import MariaDb
from postroom_testing.server import wait_until

SECONDS = 60
THIS = head()
NEXT = f"{int(THIS) + 1:04}"
EXPANDS = 'op.create_table("next_things", sa.Column("id", sa.Integer, primary_key=True))'
TAKES_AWAY = 'op.drop_table("retention_marks")'
FAILS = 'op.drop_table("nothing_of_the_kind")'
STAYS = f"The schema is at {NEXT}: ahead, compatible with this release's {THIS}. It stays as it is.\n"
REFUSED = (
    f"Not migrated: the schema is at {NEXT} and serves no release older than {NEXT}; this release is {THIS}."
    " Run a release that it serves, or restore a backup.\n"
)


@dataclass
class Deploy:
    """A database that releases come and go on.

    Attributes:
        admin: this release's.
        folder: where the next release's migrations are put.
        on_sqlite: whose migrations happen wholly or not at all.
    """

    admin: Any
    url: str
    folder: Path
    on_sqlite: bool

    def build_next(self, *changes: str, oldest_served: str) -> None:
        """The next release: this one's code with one more migration."""
        package = self.folder / "postroom_migrations"
        if not package.exists():
            shutil.copytree(Path(*postroom_migrations.__path__), package, ignore=shutil.ignore_patterns("__pycache__"))
        lines = [
            '"""What comes next."""',
            "import sqlalchemy as sa",
            "from alembic import op",
            f'revision, down_revision, oldest_served = "{NEXT}", "{THIS}", "{oldest_served}"',
            "def upgrade():",
            *(f"    {change}" for change in changes),
        ]
        (package / "versions" / f"{NEXT}_next.py").write_text("\n".join(lines))

    def start_next(self, *arguments: str) -> "subprocess.Popen[str]":
        path = os.pathsep.join([str(self.folder), *sys.path])
        process: subprocess.Popen[str] = self.admin.start(*arguments, PYTHONPATH=path)
        return process

    def run_next(self, *arguments: str) -> tuple[int, str, str]:
        return finished(self.start_next(*arguments))

    def run_this(self, *arguments: str) -> tuple[int, str, str]:
        done = self.admin(*arguments)
        return done.exit_code, done.stdout, done.stderr

    def change(self, statement: str) -> None:
        database = Database(self.url)
        with database.begin() as connection:
            connection.execute(text(statement))
        database.close()

    def schema(self) -> Schema:
        database = Database(self.url)
        with database.read() as connection:
            found = read_schema(connection)
        database.close()
        return found


def finished(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out, err


@pytest.fixture(params=["mariadb", "sqlite"])
def deploy(request: pytest.FixtureRequest, new_admin: Callable[[str], Any], tmp_path: Path) -> Deploy:
    """This release is deployed."""
    on_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'postroom.db'}" if on_sqlite else request.getfixturevalue("mariadb_url")
    made = Deploy(new_admin(url), url, tmp_path / "next", on_sqlite)
    assert made.run_this("migrate") == (0, f"The schema is at {THIS}; it was empty.\n", "")
    return made


def test_the_next_release_only_adds_and_is_rolled_back(deploy: Deploy) -> None:
    deploy.build_next(EXPANDS, oldest_served="0004")
    assert deploy.run_next("migrate") == (0, f"The schema is at {NEXT}; it was {THIS}.\n", "")
    assert deploy.schema() == Schema(NEXT, "0004")
    assert deploy.run_this("migrate") == (0, STAYS, "")
    assert deploy.run_this("embedded") == (0, "", "")
    code, out, _ = deploy.run_this("doctor")
    assert code == 0
    assert f", schema {NEXT}: ahead, compatible with this release's {THIS} (" in out
    assert deploy.schema() == Schema(NEXT, "0004")
    assert deploy.run_next("migrate") == (0, f"The schema is at {NEXT}; there was nothing to do.\n", "")


def test_the_next_release_takes_away_and_cannot_be_rolled_back(deploy: Deploy) -> None:
    deploy.build_next(EXPANDS, TAKES_AWAY, oldest_served=NEXT)
    assert deploy.run_next("migrate")[0] == 0
    for command in ("migrate", "embedded"):
        assert deploy.run_this(command) == (65, "", REFUSED)
    code, out, _ = deploy.run_this("doctor")
    assert code == 1
    problem = f"the schema is at {NEXT} and serves no release older than {NEXT}; this release is {THIS}"
    assert f"{problem}; to mend it: run a release that it serves, or restore a backup\n" in out
    assert deploy.schema() == Schema(NEXT, NEXT)


def test_a_later_schema_that_does_not_say_whom_it_serves_is_refused(deploy: Deploy) -> None:
    deploy.change("UPDATE alembic_version SET version_num = '9999'")
    deploy.change("DELETE FROM served_releases")
    code, out, err = deploy.run_this("migrate")
    assert (code, out) == (65, "")
    said = f"the schema is at 9999 and does not say which releases it serves; this release is {THIS}"
    assert err == f"Not migrated: {said}. Run a release that it serves, or restore a backup.\n"
    deploy.change("DROP TABLE served_releases")
    assert deploy.run_this("migrate") == (65, "", err)


def test_a_schema_that_nobody_made_is_refused(deploy: Deploy) -> None:
    deploy.change("UPDATE alembic_version SET version_num = '0000'")
    code, out, err = deploy.run_this("migrate")
    assert (code, out) == (65, "")
    said = "the schema is at 0000, which this release does not know"
    assert err == f"Not migrated: {said}. Run a release that it serves, or restore a backup.\n"


def test_a_migration_that_fails_says_so_and_is_run_again(deploy: Deploy) -> None:
    deploy.build_next(TAKES_AWAY, FAILS, oldest_served=NEXT)
    code, out, err = deploy.run_next("migrate")
    assert (code, out) == (69, "")
    assert err.startswith(f"Not migrated: the database refuses {NEXT}: ")
    assert "nothing_of_the_kind" in err
    assert err.endswith(". Mend that, then run it again.\n")
    assert err.count("\n") == 1
    if deploy.on_sqlite:
        assert deploy.schema() == Schema(THIS, "0004")
        assert deploy.run_this("migrate")[0] == 0
    else:  # what it took away is gone, so this release must not take the schema for its own
        assert deploy.schema() == Schema(THIS, NEXT)
        assert deploy.run_this("migrate") == (65, "", REFUSED.replace(f"is at {NEXT}", f"is at {THIS}"))
        deploy.change("CREATE TABLE retention_marks (name INTEGER)")
    deploy.change("CREATE TABLE nothing_of_the_kind (id INTEGER)")
    assert deploy.run_next("migrate") == (0, f"The schema is at {NEXT}; it was {THIS}.\n", "")
    assert deploy.schema() == Schema(NEXT, NEXT)


def test_releases_that_migrate_at_once_wait_and_only_then_look(
    new_admin: Callable[[str], Any], mariadb: MariaDb, mariadb_url: str, tmp_path: Path
) -> None:
    deploy = Deploy(new_admin(mariadb_url), mariadb_url, tmp_path, on_sqlite=False)
    deploy.build_next(EXPANDS, oldest_served="0004")
    name = mariadb_url.rpartition("/")[2]
    with mariadb.connect(mariadb_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, 1)", (f"postroom.migrate.{name}",))
        processes = [deploy.start_next("migrate"), deploy.admin.start("migrate"), deploy.start_next("migrate")]
        waiting = "SELECT 1 FROM information_schema.processlist WHERE db = %s AND state = 'User lock'"
        wait_until(lambda: cursor.execute(waiting, (name,)) == len(processes), seconds=SECONDS, what="all to wait")
    codes, outs, errs = zip(*[finished(process) for process in processes], strict=True)
    assert (codes, errs) == ((0, 0, 0), ("", "", ""))
    assert outs[1] in {f"The schema is at {THIS}; it was empty.\n", STAYS}
    before = "empty" if outs[1] == STAYS else THIS
    assert sorted([outs[0], outs[2]]) == [
        f"The schema is at {NEXT}; it was {before}.\n",
        f"The schema is at {NEXT}; there was nothing to do.\n",
    ]
    assert deploy.schema() == Schema(NEXT, "0004")


def test_an_upgrade_over_several_revisions_serves_what_all_of_them_serve(deploy: Deploy) -> None:
    deploy.build_next(EXPANDS, oldest_served=NEXT)
    later = f"{int(NEXT) + 1:04}"
    versions = deploy.folder / "postroom_migrations" / "versions"
    made = (versions / f"{NEXT}_next.py").read_text()
    made = made.replace(f'"{NEXT}", "{THIS}", "{NEXT}"', f'"{later}", "{NEXT}", "0004"').replace("next_things", "more")
    (versions / f"{later}_later.py").write_text(made)
    assert deploy.run_next("migrate") == (0, f"The schema is at {later}; it was {THIS}.\n", "")
    assert deploy.schema() == Schema(later, NEXT)
