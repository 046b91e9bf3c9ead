"""A small process that outlives the tests by a moment, and leaves nothing of a test server behind.

It is told on its standard input the id of the server process ("0": none). When that input ends, because the
tests are over or were killed, it kills the server and removes the server's folder. Standard library only: it
runs with `-I -S`.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

REMOVE_SECONDS = 5


def remove(folder: str) -> None:
    # A server that is just being killed may still create a file: try again until the folder is gone.
    deadline = time.monotonic() + REMOVE_SECONDS
    while Path(folder).is_dir() and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)


def guard(folder: str) -> None:
    pid = 0
    for line in sys.stdin:
        pid = int(line)
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    remove(folder)


if __name__ == "__main__":
    guard(sys.argv[1])
