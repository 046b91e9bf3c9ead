"""The end of a process, as an orchestrator asks for it."""

import os
import signal
import threading
import time

from loguru import logger

from postroom_logging.setup import flush

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_SIGNALLED = 128
"""What shells and orchestrators add to a signal's number to tell which one ended a process."""
_LAST_LINES_SECONDS = 0.5


class Stopping:
    """SIGTERM or SIGINT asks the process to finish what it began; a second one ends it at once.

    Made by the main thread before there is any other. These signals are blocked in all threads then, and one thread
    does nothing but wait for them: no handler interrupts anybody who holds a lock, and none waits for a thread that
    hangs in a call.

    A process that has not ended by itself when the drain time is over is ended, with exit code 0: whatever it still
    holds is found by its leases. One that is told twice exits with 128 and the signal's number.

    Args:
        drain_seconds: from the first signal to the end.

    Attributes:
        asked: set by the first signal.
    """

    def __init__(self, drain_seconds: float) -> None:
        self.asked = threading.Event()
        self._drain_seconds = drain_seconds
        self._ends_at: float | None = None
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        threading.Thread(target=self._listen, name="signals", daemon=True).start()

    def remaining_seconds(self) -> float:
        """What is left of the drain time; all of it before the first signal."""
        return self._drain_seconds if self._ends_at is None else max(0.0, self._ends_at - time.monotonic())

    def _listen(self) -> None:
        signal.sigwait(_SIGNALS)
        self._ends_at = time.monotonic() + self._drain_seconds
        self.asked.set()
        threading.Thread(target=self._end_in_time, name="drain", daemon=True).start()
        again = signal.sigwait(_SIGNALS)
        logger.warning("service.aborted", reason="told to stop twice")
        _end(_SIGNALLED + again)

    def _end_in_time(self) -> None:
        time.sleep(self.remaining_seconds())
        logger.warning("service.stopped", finished=False)
        _end(0)


def _end(code: int) -> None:
    """Without waiting for any thread, as the interpreter would."""
    flush(_LAST_LINES_SECONDS)
    os._exit(code)
