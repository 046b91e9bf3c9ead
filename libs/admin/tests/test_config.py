import inspect
import json
from typing import Any

import pytest

from postroom_admin import settings
from postroom_config.blocks import READERS
from postroom_config.release import ReleaseOnly
from postroom_config.settings import Settings

SECONDS = 60
SECRET = "hunter2secret-hunter2secret-hunter2secret"


@pytest.fixture
def unattached(new_admin: Any) -> Any:
    """With backing services that nobody serves."""
    made = new_admin("mysql://root:hunter2secret@127.0.0.1:1/x")
    made.environment |= {
        "POSTROOM_REDIS_URL": "redis://:hunter2secret@127.0.0.1:1/0",
        "POSTROOM_MAIL_URL": "smtp://user:hunter2secret@127.0.0.1:1",
        "POSTROOM_SECRET_KEY": SECRET,
    }
    return made


def test_what_is_right_is_said_in_one_line_and_no_backing_service_is_asked(unattached: Any) -> None:
    process = unattached.start("config", "check")
    out, err = process.communicate(timeout=SECONDS)
    said = "The configuration is right for all processes of this release: variables set: 5.\n"
    assert (process.returncode, out, err) == (0, said, "")


def test_what_is_wrong_is_said_in_one_report(unattached: Any) -> None:
    unattached.environment |= {
        "POSTROOM_SECRET_KEY": "",
        "POSTROOM_LEASE_SECONDS": "1",
        "POSTROOM_HEALTH_PORT": "hunter2secret",
        "POSTROOM_PUBLIC_URL": "hunter2secret",
        "POSTROOM_PUBLC_URL": "hunter2secret",
    }
    done = unattached("config", "check")
    assert (done.exit_code, done.stdout) == (78, "")
    named = dict(line.strip().split(": ", 1) for line in done.stderr.splitlines()[1:-1])
    assert {name: text.partition(" [read by ")[2] for name, text in named.items()} == {
        "POSTROOM_SECRET_KEY": "api, worker]",
        "POSTROOM_PUBLIC_URL": "api]",
        "POSTROOM_HEALTH_PORT": "worker, scheduler]",
        "POSTROOM_LEASE_SECONDS": "worker]",
        "POSTROOM_PUBLC_URL": "",
    }
    assert "hunter2secret" not in done.stderr


def test_the_blocks_that_commands_read_are_known_to_be_read_by_them() -> None:
    classes = [
        found
        for _, found in inspect.getmembers(settings, inspect.isclass)
        if issubclass(found, Settings) and found is not Settings
    ]
    classes.append(ReleaseOnly)  # what `--version` reads, of every process
    read = {field.annotation for found in classes for field in found.model_fields.values()}
    assert read == {block for block, readers in READERS.items() if "admin" in readers}


def test_variables_are_shown_with_their_sources_and_without_secrets(unattached: Any) -> None:
    done = unattached("config", "show")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert lines["POSTROOM_DATABASE_URL"][:2] == ["mysql://********@127.0.0.1:1/x", "variable"]
    assert lines["POSTROOM_SECRET_KEY"] == ["********", "variable", "api,", "worker"]
    assert lines["POSTROOM_LEASE_SECONDS"] == ["120", "default", "worker"]
    assert "hunter2secret" not in done.stdout
    told = [json.loads(line) for line in unattached("config", "show", "--json").stdout.splitlines()]
    [key] = [one for one in told if one["name"] == "POSTROOM_SECRET_KEY"]
    assert key == {
        "name": "POSTROOM_SECRET_KEY",
        "value": "********",
        "source": "variable",
        "readers": ["api", "worker"],
    }


def test_what_is_wrong_is_shown_without_its_value_and_reported(unattached: Any) -> None:
    unattached.environment |= {"POSTROOM_HEALTH_PORT": "hunter2secret", "POSTROOM_REDIS_URL": ""}
    done = unattached("config", "show")
    assert done.exit_code == 78
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert (lines["POSTROOM_HEALTH_PORT"][0], lines["POSTROOM_REDIS_URL"][0]) == ("wrong", "missing")
    assert "POSTROOM_HEALTH_PORT: malformed" in done.stderr
    assert "POSTROOM_REDIS_URL: missing" in done.stderr
    assert "hunter2secret" not in done.output


def test_a_variable_is_explained_without_any_being_set(unattached: Any) -> None:
    unattached.environment.clear()
    done = unattached("config", "explain", "POSTROOM_LEASE_SECONDS")
    assert (done.exit_code, done.stderr) == (0, "")
    fields = dict(line.split("  ", 1) for line in done.stdout.splitlines() if "  " in line)
    assert {name: fields[name].strip() for name in ("type", "unit", "default", "readers", "expected")} == {
        "type": "whole number",
        "unit": "seconds",
        "default": "120",
        "readers": "worker",
        "expected": "a whole number from 1 to 86400",
    }
    assert json.loads(unattached("config", "explain", "PORT", "--json").stdout)["name"] == "POSTROOM_PORT"
    assert "make run" in unattached("config", "explain", "POSTROOM_DATA_DIR").stdout


@pytest.mark.parametrize(("name", "near"), [("POSTROOM_LEASE_SECOND", "POSTROOM_LEASE_SECONDS"), ("nonsense", None)])
def test_a_variable_that_nobody_reads_is_not_there(unattached: Any, name: str, near: str | None) -> None:
    done = unattached("config", "explain", name)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == f"No process reads {name}.{f' Did you mean {near}?' if near else ''}\n"
