"""Runs commands of the admin in its image, each in a process of its own, and tells how they ended, one JSON line each.

It is handed to the image's Python as text, with one argument, a JSON object: `commands` are lists of words, `together`
says whether they run at once, `plant` is source that spoils the admin before. The first line tells the commands that
there are. A process is forked for each, after the admin was imported once: a hundred starts of Python are a minute.
"""

import json
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

import click

from postroom_admin.main import main


def leaves(group: click.Group, *before: str) -> Iterator[dict[str, Any]]:
    """Every command, and whether it can be told not to ask."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, *before, name)
        if not command.hidden and (not isinstance(command, click.Group) or command.invoke_without_command):
            asks = any("--yes" in parameter.opts for parameter in command.params)
            yield {"path": [*before, name], "asks": asks}


def run(commands: Sequence[Sequence[str]]) -> Iterator[dict[str, Any]]:
    """Begin all of them, then wait for each."""
    for words, child, out, err in [_begin(words) for words in commands]:
        _, status = os.waitpid(child, 0)
        yield {"words": words, "code": os.waitstatus_to_exitcode(status), "out": _read(out), "err": _read(err)}


def _begin(words: Sequence[str]) -> tuple[Sequence[str], int, int, int]:
    sys.stdout.flush()  # or the child would say again what is not written yet
    # Nothing can be written to the disk of the container.
    out, err = os.memfd_create("out"), os.memfd_create("err")
    if (child := os.fork()) == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        _become(words)
    return words, child, out, err


def _become(words: Sequence[str]) -> None:
    code: object = 1
    try:
        main(args=list(words), prog_name="postroom-admin")
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as Python itself would end
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def _read(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    with os.fdopen(file, encoding="utf-8") as text:
        return text.read()


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    exec(asked["plant"])  # noqa: S102 - a violation of the tests
    groups = [asked["commands"]] if asked["together"] else [[words] for words in asked["commands"]]
    sys.stdout.write(f"{json.dumps(list(leaves(main)))}\n")
    for group in groups:
        for ended in run(group):
            sys.stdout.write(f"{json.dumps(ended)}\n")
