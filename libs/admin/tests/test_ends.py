from collections.abc import Callable
from typing import Any

import pytest

from postroom_admin_testing.uses import USES
from postroom_config.version import VERSION

PASSWORD = "hunter2secret"
NO_DATABASE = {"doctor", "config"}
"""What ends otherwise without one."""
COMMANDS = [
    (*name.split(), *use.naming(use.absent)) for name, use in USES.items() if name.split()[0] not in NO_DATABASE
]
SCHEMA = {"migrate", "embedded", "backup"}
"""What knows what to do without a schema."""
SECONDS = 60


@pytest.fixture
def away_admin(new_admin: Callable[[str], Any]) -> Any:
    """Over a database that nobody serves."""
    return new_admin(f"mysql+pymysql://root:{PASSWORD}@127.0.0.1:1/x")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_that_is_away_ends_a_command_with_one_line(away_admin: Any, command: tuple[str, ...]) -> None:
    done = away_admin(*command)
    assert (done.exit_code, done.stdout) == (69, "")
    assert done.stderr == "The database does not answer. `doctor` says more.\n"


def test_the_doctor_goes_on_without_it(away_admin: Any) -> None:
    done = away_admin("doctor")
    assert (done.exit_code, done.stderr) == (1, "")
    heads = [line.split()[:2] for line in done.stdout.splitlines() if line[0] != " "]
    assert heads == [["FAIL", "database"], ["ok", "redis"], ["ok", "mail"]]
    assert "Traceback" not in done.stdout


def test_so_it_does_in_a_process_of_its_own(away_admin: Any) -> None:
    process = away_admin.start("migrate")
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out, err) == (69, "", "The database does not answer. `doctor` says more.\n")


@pytest.mark.parametrize("command", [one for one in COMMANDS if one[0] not in SCHEMA], ids=" ".join)
def test_a_database_without_a_schema_ends_a_command_with_one_line(empty_admin: Any, command: tuple[str, ...]) -> None:
    done = empty_admin(*command)
    assert (done.exit_code, done.stdout) == (69, "")
    assert done.stderr.startswith("The database refuses: Table ")
    assert done.stderr.endswith(" doesn't exist. `doctor` says more.\n")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_password_that_is_refused_is_not_printed(
    empty_admin: Any, mariadb_url: str, command: tuple[str, ...]
) -> None:
    empty_admin.environment["POSTROOM_DATABASE_URL"] = mariadb_url.replace("root@", f"root:{PASSWORD}@")
    done = empty_admin(*command)
    assert (done.exit_code, done.stdout) == (69, "")
    assert done.stderr.startswith("The database refuses: Access denied for user ")
    assert done.stderr.count("\n") == 1
    assert PASSWORD not in done.stderr


@pytest.mark.parametrize("command", [*COMMANDS, ("doctor",), ("config", "check")], ids=" ".join)
def test_a_configuration_that_is_wrong_is_reported_without_values(away_admin: Any, command: tuple[str, ...]) -> None:
    away_admin.environment |= {"POSTROOM_DATABASE_URL": f"nosql://{PASSWORD}", "POSTROOM_DATABSE_URL": PASSWORD}
    done = away_admin(*command)
    assert (done.exit_code, done.stdout) == (78, "")
    assert "POSTROOM_DATABASE_URL: malformed" in done.stderr
    assert "POSTROOM_DATABSE_URL: " in done.stderr
    assert PASSWORD not in done.stderr


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ((), ["doctor", "email", "key", "migrate", "workspace", "POSTROOM_*"]),
        (("migrate",), ["Can be run twice"]),
        (("workspace", "create"), ["NAME", "unless it is there already"]),
        (("key", "create"), ["--workspace", "The workspace's name.  [required]", "only its hash is kept"]),
        (("key", "list"), ["--workspace", "whether revoked"]),
        (("key", "revoke"), ["KEY_ID", "--workspace"]),
        (("email", "show"), ["EMAIL_ID", "all that happened to it"]),
        (("erase",), ["--address", "--workspace", "--yes", "not who it was"]),
        (("doctor",), ["how to mend it"]),
        (("config", "check"), ["Asks no backing service", "78"]),
    ],
    ids=lambda value: " ".join(value) or "postroom-admin",
)
def test_help_says_what_a_command_is_for_and_needs_no_configuration(
    away_admin: Any, command: tuple[str, ...], words: list[str]
) -> None:
    away_admin.environment.clear()
    for option in ("--help", "-h"):
        done = away_admin(*command, option)
        assert (done.exit_code, done.stderr) == (0, "")
        assert done.stdout.startswith(" ".join(["Usage: postroom-admin", *command]))
        assert [word for word in words if word not in " ".join(done.stdout.split()) and word not in done.stdout] == []


def test_it_tells_its_version_and_keeps_the_internal_command_to_itself(away_admin: Any) -> None:
    assert away_admin("--version").stdout == f"postroom {VERSION} (commit unknown)\n"
    away_admin.environment["POSTROOM_COMMIT"] = "0123abcd"
    assert away_admin("--version").stdout == f"postroom {VERSION} (commit 0123abcd)\n"
    away_admin.environment.clear()
    assert away_admin("--version").exit_code == 0
    assert "embedded" not in away_admin("--help").stdout
