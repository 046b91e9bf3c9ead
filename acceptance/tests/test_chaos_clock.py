import os
import subprocess
import sys
import time

from postroom_chaos.ahead import AHEAD_SECONDS, variables

# Sleeping, a wait with a time-out, and Python's own lock between threads are what libfaketime is known to break.
SCRIPT = """
import threading, time
began = time.monotonic()
time.sleep(0.2)
threading.Event().wait(0.2)
threading.Thread(target=time.sleep, args=(0.2,)).start()
print(time.time(), began, time.monotonic())
"""


def test_its_clock_is_ahead_and_its_waits_are_as_long_as_elsewhere() -> None:
    earliest = time.time() + AHEAD_SECONDS
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=os.environ | variables(), capture_output=True, text=True, check=True
    )
    latest = time.time() + AHEAD_SECONDS
    moment, began, ended = map(float, done.stdout.split())
    assert earliest <= moment <= latest
    assert started <= began <= ended <= time.monotonic()
    assert 0.4 <= ended - began <= 10
