"""A process whose clock is ahead of the machine's, by libfaketime; its monotonic clock is the machine's."""

import os
import sys
from pathlib import Path

from postroom_testing.server import ServerError

AHEAD_SECONDS = 30
_LIBRARIES = Path("/usr/lib")
_LIBRARY = "*/faketime/libfaketimeMT.so.1"
_CLOCK = Path(__file__).parent / "clock"


def variables() -> dict[str, str]:
    """What such a process is given; raises ServerError when libfaketime is not installed."""
    library = next(_LIBRARIES.glob(_LIBRARY), None)
    if library is None:
        raise ServerError("libfaketime is not installed: install the Debian package libfaketime")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"+{AHEAD_SECONDS}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # Python's own lock is waited for by that clock: with the fix it costs a process most of its speed.
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "PYTHONPATH": os.pathsep.join([str(_CLOCK), *sys.path]),
    }
