import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from postroom_admin.main import main
from postroom_admin_testing.scene import Scene
from postroom_database.engine import Database
from postroom_testing.fixtures import (
    mariadb,
    mariadb_url,
    redis_server,
    redis_url,
    ses,
    smtp_server,
    sns,
    sns_server,
    sqs,
)
from postroom_testing.migrated import migrated, migrated_url, new_sqlite


@dataclass
class Admin:
    """The command, with an environment of its own and in a process of its own where that matters.

    Attributes:
        environment: the POSTROOM_* variables, to be changed at will.
        said: all that was ever printed.
    """

    environment: dict[str, str]
    said: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str) -> Result:
        """Run it in this process, which is quick."""
        cleared: dict[str, str | None] = {name: None for name in os.environ if is_ours(name)}
        done = CliRunner().invoke(main, arguments, env=cleared | self.environment, prog_name="postroom-admin")
        self.said.append(done.output)
        return done

    def start(
        self, *arguments: str, stdin: int | None = None, stdout: int = subprocess.PIPE, **more: str
    ) -> "subprocess.Popen[str]":
        """Run it as operators do, with more variables if need be."""
        clean = {name: value for name, value in os.environ.items() if not is_ours(name)}
        return subprocess.Popen(
            [sys.executable, "-m", "postroom_admin.main", *arguments],
            env=clean | {"PYTHONPATH": os.pathsep.join(sys.path)} | self.environment | more,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )


def is_ours(name: str) -> bool:
    return name.startswith("POSTROOM_") or name in {"DATABASE_URL", "REDIS_URL", "PORT"}


@pytest.fixture
def new_admin(redis_url: str) -> Callable[[str], Admin]:
    def make(database_url: str) -> Admin:
        return Admin(
            {
                "POSTROOM_DATABASE_URL": database_url,
                "POSTROOM_REDIS_URL": redis_url,
                "POSTROOM_MAIL_URL": "inbox:",
                "POSTROOM_DATABASE_TIMEOUT_SECONDS": "2",
            }
        )

    return make


@pytest.fixture
def empty_admin(mariadb_url: str, new_admin: Callable[[str], Admin]) -> Admin:
    """Over a database without a schema."""
    return new_admin(mariadb_url)


@pytest.fixture
def admin(migrated_url: str, new_admin: Callable[[str], Admin]) -> Admin:
    """Over a database of this release."""
    return new_admin(migrated_url)


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    """What the admin works on."""
    opened = Database(migrated_url, pool_size=2, timeout_seconds=5)
    yield opened
    opened.close()


@pytest.fixture(params=["mariadb", "sqlite"])
def either_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """What `either_admin` works on: whoever asks for it runs on both."""
    url = new_sqlite(tmp_path) if request.param == "sqlite" else request.getfixturevalue("migrated_url")
    opened = Database(url, pool_size=2, timeout_seconds=5)
    yield opened
    opened.close()


@pytest.fixture
def either_admin(either_database: Database, new_admin: Callable[[str], Admin]) -> Admin:
    return new_admin(either_database.engine.url.render_as_string(hide_password=False))


@pytest.fixture
def two_workspaces(admin: Admin) -> None:
    for name in ("acme", "other"):
        assert admin("workspace", "create", name).exit_code == 0


@pytest.fixture
def scene(admin: Admin, database: Database) -> Scene:
    def run(*arguments: str) -> None:
        done = admin(*arguments)
        assert done.exit_code == 0, done.output

    return Scene.set(run, database)
