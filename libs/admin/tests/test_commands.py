"""What holds for every command that there is."""

import os
import re
import signal
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import select, text

from postroom_admin.exit_codes import MEANINGS
from postroom_admin.main import main
from postroom_admin_testing.parser import leaves
from postroom_database.engine import Database
from postroom_database.models import Workspace
from postroom_testing.server import wait_until

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "admin.md"
LOOKS = {"list", "show", "stats", "status", "quota", "verify", "doctor"}
"""What only looks is for programs, too."""
SECONDS = 60


COMMANDS = {path: command for path, command in leaves(main) if not command.hidden}


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help_and_every_option_and_look_is_explained(admin: Any, path: tuple[str, ...]) -> None:
    done = admin(*path, "--help")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(" ".join(["Usage: postroom-admin", *path]))
    assert COMMANDS[path].help
    options = [parameter for parameter in COMMANDS[path].params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help] == []
    if path[-1] in LOOKS:
        assert "as_json" in {option.name for option in options}


def test_the_page_names_the_commands_that_there_are_and_no_other() -> None:
    documented = set()
    table, _, _ = PAGE.read_text(encoding="utf-8").partition("| exit code |")
    for line in table.splitlines():
        if line.startswith("| `"):
            for code in re.findall(r"`([^`]+)`", line.replace("\\|", "/").split(" | ")[0]):
                words = re.findall(r"(?:^|(?<= ))[a-z]+(?= |$)", code)
                documented.add(tuple(words))
    assert documented == COMMANDS.keys()


def test_help_and_the_page_say_the_same_of_exit_codes(admin: Any) -> None:
    _, _, table = PAGE.read_text(encoding="utf-8").partition("| exit code | meaning |\n|---|---|\n")
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert {int(code): meaning for code, meaning in rows} == MEANINGS
    _, _, told = admin("--help").stdout.partition("Exit codes:\n")
    found = re.findall(r"(?m)^ +(\d+) +(.+(?:\n {8,}.+)*)", told)
    assert {int(code): " ".join(meaning.split()) for code, meaning in found} == MEANINGS


def test_ctrl_c_undoes_what_was_not_finished_and_says_so(admin: Any, database: Database) -> None:
    with database.begin() as connection:
        connection.execute(text("INSERT INTO workspaces (id, name) VALUES (UNHEX(REPEAT('0', 32)), 'acme')"))
        process = admin.start("workspace", "create", "acme")

        def waits() -> bool:
            asked = text("SELECT 1 FROM information_schema.processlist WHERE info LIKE 'INSERT INTO workspaces%'")
            return bool(connection.execute(asked).all())

        wait_until(waits, seconds=SECONDS, what="the command to wait for that name")
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=SECONDS)
        connection.rollback()
    assert (process.returncode, out) == (130, "")
    assert err == "Stopped. What is done stays done: run it again for the rest.\n"
    with database.read() as connection:
        assert connection.execute(select(Workspace.id)).all() == []
