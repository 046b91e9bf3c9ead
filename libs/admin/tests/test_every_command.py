"""What holds for every command there is: done twice, asked for what is not there, stopped in the middle."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from postroom_admin.main import main
from postroom_admin_testing.parser import leaves
from postroom_admin_testing.scene import Scene
from postroom_admin_testing.uses import APART, USES, Use
from postroom_testing.audit import all_but_audit, entries

NO_DATABASE = {name for name in USES if name.startswith("config ")}
STOPPED = "Stopped. What is done stays done: run it again for the rest.\n"


def of(wanted: dict[str, Use]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "use"), wanted.items(), ids=wanted)


def everything(scene: Scene) -> object:
    return all_but_audit(scene.database), entries(scene.database)


def test_of_every_command_it_is_known_how_it_is_used() -> None:
    commands = {" ".join(path): command for path, command in leaves(main)}
    assert commands.keys() == USES.keys() | APART.keys()
    asking = {name for name, command in commands.items() if "yes" in {one.name for one in command.params}}
    assert asking == {name for name, use in USES.items() if use.asks}


@of(USES)
def test_a_second_time_changes_nothing_more_or_says_what_is_so(admin: Any, scene: Scene, name: str, use: Use) -> None:
    typed = (*name.split(), *use.words(scene))
    admin.environment["POSTROOM_SECRET_KEY"] = "a-secret-of-the-tests-long-enough-to-be-one"  # `config` looks for all
    before = everything(scene)
    first = admin(*typed)
    assert first.exit_code == 0, first.output
    done = everything(scene)
    assert not use.looks or done == before
    again = admin(*typed)
    assert again.exit_code == use.again, again.output
    assert use.repeats or everything(scene) == done
    if use.again:
        assert again.stderr.count("\n") == 1, again.stderr


@of({name: use for name, use in USES.items() if use.absent})
def test_what_is_not_there_is_told_in_one_line(admin: Any, scene: Scene, name: str, use: Use) -> None:
    before = everything(scene)
    done = admin(*name.split(), *use.naming(use.absent))
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1), done.output
    assert done.stdout == "" or done.stdout.endswith(": 0.\n")
    assert everything(scene) == before


@of({name: use for name, use in USES.items() if "acme" in use.typed})
def test_a_workspace_that_is_not_there_is_told_with_those_that_are(
    admin: Any, scene: Scene, name: str, use: Use
) -> None:
    before = everything(scene)
    typed = ["nobody" if word == "acme" else word for word in use.naming(use.absent)]
    done = admin(*name.split(), *typed)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith("there is no such workspace. There are: acme\n")
    assert everything(scene) == before


@of({name: use for name, use in USES.items() if use.wrong})
def test_what_cannot_be_done_to_it_as_it_stands_is_left(admin: Any, scene: Scene, name: str, use: Use) -> None:
    assert use.wrong is not None
    typed = (*name.split(), *use.naming(use.wrong(scene)))
    before = everything(scene)
    done = admin(*typed)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1), done.output
    assert done.stderr.endswith(": left as it is.\n")
    assert everything(scene) == before


@of({name: use for name, use in USES.items() if use.asks})
def test_what_cannot_be_undone_is_asked_before(admin: Any, scene: Scene, name: str, use: Use) -> None:
    typed = [*name.split(), *use.words(scene)]
    typed.remove("--yes")
    before = everything(scene)
    done = admin(*typed)  # without a terminal
    assert (done.exit_code, done.stdout) == (1, "")
    assert "[y/N]" in done.stderr
    assert done.stderr.endswith("Where there is no terminal, give --yes.\n")
    assert everything(scene) == before


@contextmanager
def interrupted(point: str) -> Iterator[list[None]]:
    """SIGINT to this process as soon as it does that with a database; empty as long as it did not."""
    done: list[None] = []

    def interrupt(*_: object) -> None:
        if not done:
            done.append(None)
            os.kill(os.getpid(), signal.SIGINT)

    event.listen(Engine, point, interrupt)
    try:
        yield done
    finally:
        event.remove(Engine, point, interrupt)


@of({name: use for name, use in USES.items() if name not in NO_DATABASE})
def test_ctrl_c_leaves_nothing_half_done(admin: Any, scene: Scene, name: str, use: Use) -> None:
    """A command that changes something is stopped as late as can be: when all is done, and not committed yet."""
    typed = (*name.split(), *use.words(scene))
    before = everything(scene)
    with interrupted("before_cursor_execute" if use.looks else "commit") as told:
        done = admin(*typed)
    assert told, "it was not stopped"
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", STOPPED)
    assert everything(scene) == before
