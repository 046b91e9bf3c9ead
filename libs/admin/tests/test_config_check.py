import inspect
from typing import Any

import pytest

from postroom_admin import settings
from postroom_config.blocks import READERS
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
    read = {field.annotation for found in classes for field in found.model_fields.values()}
    assert read == {block for block, readers in READERS.items() if "admin" in readers}
