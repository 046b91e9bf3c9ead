"""Child processes: in a session of their own, so that Ctrl-C reaches the runner alone, and never left behind."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from postroom_embedded.errors import Stopped
from postroom_embedded.signals import Signals

_PR_SET_PDEATHSIG = 1
_LOOK_SECONDS = 1.0


def start(argv: Sequence[str], env: Mapping[str, str], *, output: Path | None = None) -> subprocess.Popen[bytes]:
    """Start a program; its output goes where the runner's goes, or into a file.

    On Linux it gets SIGTERM when the runner ends, however it ends. Must be called by the main thread: that thread's
    end is what Linux watches.
    """
    log = None if output is None else output.open("wb")
    try:
        return subprocess.Popen(  # noqa: S603 - our own programs
            argv,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_end_with(os.getpid()),  # noqa: PLW1509 - the runner has one thread
        )
    finally:
        if log is not None:
            log.close()


def finish(process: subprocess.Popen[bytes], signals: Signals) -> int:
    """Wait for the exit code of one step; raises Stopped, with the step ended, when a signal asks to stop."""
    while (code := process.poll()) is None:
        if signals.stop_asked:
            end_group(process)
            raise Stopped
        signals.wait(_LOOK_SECONDS)
    return code


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a program with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _end_with(parent: int) -> Callable[[], None]:
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None)

    def prepare() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended in between
            os._exit(1)

    return prepare
