"""Signals as something to wait for: the runner has one thread and no races."""

import select
import signal
import socket
import time
from types import FrameType

_SAME_PRESS_SECONDS = 0.3
"""Signals closer than this are one wish: a terminal and a parent may both pass it on."""


class Signals:
    """Takes over SIGINT, SIGTERM, SIGHUP (stop) and SIGCHLD (something to look at)."""

    def __init__(self) -> None:
        self.stop_asked = False
        self.at_once = False
        """SIGINT was given again: no patience is left."""
        self._interrupted_at: float | None = None
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)  # noqa: FBT003 - the standard library takes it so
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGINT, self._interrupt)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def wait(self, seconds: float) -> None:
        """Return when a signal came, or after that time."""
        if select.select([self._reader], [], [], max(0.0, seconds))[0]:
            self._reader.recv(4096)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._interrupted_at is None:
            self._interrupted_at = now
        elif now - self._interrupted_at > _SAME_PRESS_SECONDS:
            self.at_once = True
        self.stop_asked = True

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_asked = True
