import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from postroom_embedded import process
from postroom_embedded.errors import Stopped
from postroom_embedded.signals import Signals

WaitUntil = Callable[[Callable[[], bool]], None]

_SLEEPER = "import time; print(flush=True); time.sleep(600)"
_PARENT = """
import os, sys, time
from postroom_embedded.process import start
child = start([sys.executable, "-c", "import time; time.sleep(600)"], os.environ)
print(child.pid, flush=True)
time.sleep(600)
"""


def _is_running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_with_its_runner_however_that_ends(number: int, wait_until: WaitUntil) -> None:
    env = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True, env=env) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert _is_running(child)
        parent.send_signal(number)
    wait_until(lambda: not _is_running(child))


def test_a_child_is_out_of_reach_of_ctrl_c(tmp_path: Path) -> None:
    child = process.start([sys.executable, "-c", _SLEEPER], os.environ, output=tmp_path / "output")
    try:
        assert os.getsid(child.pid) == child.pid != os.getsid(0)
    finally:
        process.end_group(child)


def test_finish_gives_the_exit_code(signals: Signals) -> None:
    assert process.finish(process.start([sys.executable, "-c", "raise SystemExit(7)"], os.environ), signals) == 7


def test_finish_ends_the_step_when_a_signal_asks_to_stop(signals: Signals, tmp_path: Path) -> None:
    step = process.start([sys.executable, "-c", _SLEEPER], os.environ, output=tmp_path / "output")
    signal.raise_signal(signal.SIGTERM)
    with pytest.raises(Stopped):
        process.finish(step, signals)
    assert step.returncode == -signal.SIGKILL
