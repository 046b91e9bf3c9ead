"""In which order Compose is told what, by a `docker` that only listens."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postroom_release.build import Build
from postroom_release.config import Config
from postroom_release.errors import EX_CONFIG, EX_NOINPUT, EX_UNAVAILABLE, EX_USAGE
from postroom_release.folder import DeployFolder
from postroom_release.record import Records
from postroom_release_testing.told import Listener

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Operator:
    """Whoever calls the launcher, in a deploy with two releases: 2 brings a newer database."""

    def __init__(self, deploy: DeployFolder, listener: Listener) -> None:
        self.deploy = deploy
        self.listener = listener

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        self.listener.forget()
        return subprocess.run(
            ["deploy/release/release", *arguments],
            env=self.listener.environment | {"DEPLOY": str(self.deploy.path)},
            input=f"{self.deploy.name}\n",
            capture_output=True,
            text=True,
            check=False,
        )

    def must(self, *arguments: str) -> list[str]:
        """What Compose was told."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return self.told

    @property
    def told(self) -> list[str]:
        return [told.words for told in self.listener.composed()]

    def image_of(self, service: str) -> str:
        """The one that it was last brought up with."""
        told = [one for one in self.listener.composed() if one.words.startswith("up ") and one.words.endswith(service)]
        return told[-1].environment[f"{service.upper()}_IMAGE"]


@pytest.fixture
def operator(deploy: DeployFolder, build: Build, config: Config, tmp_path: Path) -> Operator:
    programs = tmp_path / "programs"
    programs.mkdir()
    records = Records(deploy.releases)
    for database in ("old-database", "new-database"):
        records.add(build, config, images={"database": database, "redis": "redis"}, compose="services: {}\n", now=NOW)
    return Operator(deploy, Listener(programs))


def test_an_admin_process_of_the_release_that_runs_starts_nothing(operator: Operator) -> None:
    operator.must("up", "1")

    assert operator.must("admin", "doctor", "--release") == ["run admin doctor --release"]


def test_where_nothing_runs_an_admin_process_gets_secrets_and_a_database_and_no_service_is_started(
    operator: Operator,
) -> None:
    operator.must("up", "1")
    operator.must("down")

    assert operator.must("admin", "--release", "1", "fence") == [
        "run --env TO=database admin secrets",
        "up database",
        "up redis",
        "run admin fence",
    ]
    assert operator.run("list").stdout.count("*") == 0


def test_without_a_number_it_is_the_newest(operator: Operator) -> None:
    assert operator.must("admin", "fence")[-1] == "run admin fence"
    assert operator.listener.composed()[-1].environment["RELEASE"] == "2"


def test_an_admin_process_answers_on_stdout_alone(operator: Operator) -> None:
    done = operator.run("admin", "fence")

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "release 2: database\nrelease 2: redis\n"


def test_another_release_than_the_one_that_runs_has_no_admin_process(operator: Operator) -> None:
    operator.must("up", "1")

    done = operator.run("admin", "--release", "2", "fence")

    assert done.returncode == EX_USAGE
    assert done.stderr == "postroom: release 1 runs, and only its admin does; `make down` ends it\n"
    assert operator.told == []


def test_without_a_release_there_is_no_admin_process(operator: Operator) -> None:
    for file in operator.deploy.releases.iterdir():
        file.unlink()

    assert operator.run("admin", "fence").returncode == EX_NOINPUT


def test_going_forward_the_database_is_replaced_and_going_back_it_stays(operator: Operator) -> None:
    operator.must("up", "1")
    assert operator.image_of("database") == "old-database"

    assert "up database" in operator.must("up", "2")
    assert operator.image_of("database") == "new-database"

    assert "up --no-recreate database" in operator.must("rollback", "1")
    assert operator.image_of("database") == "new-database"
    assert operator.told[-3:] == ["up api", "up scheduler", "up worker"]

    assert "up --no-recreate database" in operator.must("up", "1")
    assert operator.image_of("database") == "new-database"


def test_a_database_that_was_started_for_a_release_that_never_ran_stays(operator: Operator) -> None:
    operator.must("up", "1")
    operator.listener.fail("run --rm --no-deps --pull never --no-TTY migrate")
    refused = operator.run("up", "2")
    assert (refused.returncode, operator.image_of("database")) == (EX_UNAVAILABLE, "new-database")
    assert refused.stderr.endswith("migrate ended with 1, see above; api, worker and scheduler go on as before\n")
    operator.listener.fail("nothing")
    operator.must("down")

    operator.must("up", "1")

    assert operator.image_of("database") == "new-database"


def test_a_database_that_is_not_known_keeps_an_older_release_from_running(operator: Operator) -> None:
    operator.must("up", "2")
    (operator.deploy.releases / "000002.json").unlink()

    refused = operator.run("rollback", "1")

    assert refused.returncode == EX_NOINPUT
    assert "there is no record of release 2, whose database was started last" in refused.stderr
    assert operator.told == []


def test_a_database_that_was_removed_binds_nobody(operator: Operator) -> None:
    operator.must("up", "2")
    operator.must("down", "--volumes")

    assert "up database" in operator.must("up", "1")
    assert operator.image_of("database") == "old-database"


def test_a_database_that_does_not_become_ready_ends_it_before_a_service_is_touched(operator: Operator) -> None:
    operator.must("up", "1")
    operator.listener.fail("never database")

    refused = operator.run("up", "2")

    assert refused.returncode == EX_UNAVAILABLE
    assert "no container of api, worker or scheduler was touched" in refused.stderr
    assert operator.told[-2:] == ["up database", "logs --no-log-prefix --tail 20 database"]


def test_services_get_their_secrets_after_the_migration(operator: Operator) -> None:
    assert operator.must("up") == [
        "run --env TO=database migrate secrets",
        "up database",
        "up redis",
        "run migrate",
        "run --env TO=admin api worker scheduler secrets",
        "up worker",
        "up scheduler",
        "up api",
    ]


def test_a_migration_that_fails_leaves_the_secrets_of_the_services_as_they_were(operator: Operator) -> None:
    operator.listener.fail("run --rm --no-deps --pull never --no-TTY migrate")

    operator.run("up")

    assert operator.told[-1] == "run migrate"


@pytest.mark.parametrize("command", [("up", "1"), ("rollback", "1"), ("admin", "fence")])
def test_a_release_whose_secrets_are_not_there_is_refused_before_anything(
    operator: Operator, command: tuple[str, ...]
) -> None:
    (operator.deploy.secrets / "secret_key").unlink()

    refused = operator.run(*command)

    assert refused.returncode == EX_CONFIG
    assert refused.stderr.startswith("postroom: secrets/secret_key: the release reads it, and it is not there")
    assert operator.told == []
