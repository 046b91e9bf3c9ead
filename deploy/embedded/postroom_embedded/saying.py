"""What the runner itself tells, between the lines of the services that share its output."""

import os

_STDOUT = 1
_STDERR = 2


def say(line: str) -> None:
    _write(_STDOUT, line)


def complain(line: str) -> None:
    _write(_STDERR, f"postroom: {line}")


def _write(descriptor: int, line: str) -> None:
    # One write per line, so that lines of other processes stay whole; and a reader that went away (`| head`) must
    # not end the runner, which has processes to look after.
    try:
        os.write(descriptor, f"{line}\n".encode())
    except OSError:
        return
