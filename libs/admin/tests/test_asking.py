"""What cannot be undone asks: a yes, a no, nobody there, and Ctrl-C at the question."""

import os
import pty
import signal
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from postroom_admin.asking import ask
from postroom_testing.server import wait_until

READ = {"0", "63"}
"""Linux's number of the system call, on x86-64 and arm64."""
NOBODY = "\nNobody is there to answer: nothing was done. Where there is no terminal, give --yes.\n"


@click.command()
def remove() -> None:
    ask("Remove it?", yes=False)
    click.echo("Removed.")


@pytest.mark.parametrize(
    ("answer", "code", "out", "err"),
    [("y\n", 0, "Removed.\n", ""), ("n\n", 1, "", "Aborted!\n"), ("", 1, "", NOBODY)],
    ids=["yes", "no", "nobody"],
)
def test_an_answer(answer: str, code: int, out: str, err: str) -> None:
    done = CliRunner().invoke(remove, input=answer)

    assert (done.exit_code, done.stdout) == (code, out)
    assert done.stderr.removeprefix("Remove it? [y/N]: ").endswith(err)
    assert ("Remove it?" in done.stderr, "Traceback" in done.stderr) == (True, False)


def reads_its_terminal(pid: int) -> bool:
    number, *arguments = Path(f"/proc/{pid}/syscall").read_text().split()
    return number in READ and int(arguments[0], 16) == 0


def test_ctrl_c_at_the_question_ends_as_everywhere(admin: Any) -> None:
    ours, theirs = pty.openpty()
    process = admin.start("retention", "run", stdin=theirs)
    try:
        said = ""
        while "[y/N]" not in said:
            letter = process.stderr.read(1)
            assert letter, said
            said += letter
        # A signal that comes before it waits for the answer would be noticed only with one.
        wait_until(lambda: reads_its_terminal(process.pid), seconds=60, what="it to wait")
        process.send_signal(signal.SIGINT)
        said += process.stderr.read()
        assert process.wait(60) == 130
    finally:
        process.kill()
        process.communicate()
        os.close(ours)
        os.close(theirs)
    assert said.endswith("Stopped. What is done stays done: run it again for the rest.\n")
