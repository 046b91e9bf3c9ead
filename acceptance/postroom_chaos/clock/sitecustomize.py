"""Python imports this by itself when its folder is on the path: in processes whose clock is not the machine's.

Since 3.11 time.sleep() asks for an absolute moment of the monotonic clock. libfaketime 0.9.10, when it must leave that
clock alone, still shifts such moments, and the kernel refuses them (its issue 426). select() waits for a duration.
"""  # noqa: INP001 - its folder is no package: Python finds it by its bare name

import select
import time
from typing import SupportsIndex


def _sleep(seconds: float | SupportsIndex) -> None:
    select.select([], [], [], float(seconds))


time.sleep = _sleep
