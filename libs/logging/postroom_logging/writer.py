"""The bounded buffer between those who log and stdout."""

import os
import select
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

_MOST_BYTES = 65_536
"""Written at once: what a pipe holds."""
_GATHER_SECONDS = 0.01
"""A line may be this late. Under load many lines go in one write, and those who log are not interrupted for each."""


class Writer:
    """Writes lines from a thread of its own. Whoever puts a line never waits, whatever becomes of the stream.

    While the stream takes nothing, up to `buffer_lines` lines are kept; more are dropped and counted, and the count
    is written once there is room. A stream that is closed swallows everything.

    Args:
        descriptor: where to write; None writes nothing. The writer owns it.
        describe_dropped: makes the line that tells how many were dropped.
    """

    def __init__(self, descriptor: int | None, *, buffer_lines: int, describe_dropped: Callable[[int], str]) -> None:
        self._descriptor = descriptor
        self._buffer_lines = buffer_lines
        self._describe_dropped = describe_dropped
        # SimpleQueue.put may be called from a signal handler or a __del__ that interrupts another put: Queue's may not.
        self._queue: SimpleQueue[str | threading.Event] = SimpleQueue()
        self._dropped = 0
        self._counting = threading.RLock()  # re-entrant for the same reason
        threading.Thread(target=self._run, name="log-writer", daemon=True).start()

    def put(self, line: str) -> None:
        # Several threads may pass this test at once: the bound is exceeded by at most their number.
        if self._queue.qsize() < self._buffer_lines:
            self._queue.put(line)
            return
        self._count_dropped(1)

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until all that was put is written; False when time ran out."""
        written = threading.Event()
        self._queue.put(written)
        return written.wait(timeout_seconds)

    def _run(self) -> None:
        while True:
            lines, reached = self._take()
            dropped = self._take_dropped()
            if dropped:
                lines.append(self._describe_dropped(dropped))
            if not self._write("".join(lines).encode("utf-8", "backslashreplace")):
                self._count_dropped(len(lines) + max(0, dropped - 1))
            if reached:
                reached.set()

    def _take(self) -> tuple[list[str], threading.Event | None]:
        """Wait for a line and take what else is there, up to what is written at once."""
        lines: list[str] = []
        size = 0
        item = self._queue.get()
        time.sleep(_GATHER_SECONDS)
        while True:
            if isinstance(item, threading.Event):
                return lines, item
            lines.append(item)
            size += len(item)
            if size >= _MOST_BYTES:
                return lines, None
            try:
                item = self._queue.get_nowait()
            except Empty:
                return lines, None

    def _count_dropped(self, count: int) -> None:
        with self._counting:
            self._dropped += count

    def _take_dropped(self) -> int:
        if not self._dropped:
            return 0
        with self._counting:
            dropped, self._dropped = self._dropped, 0
        return dropped

    def _write(self, content: bytes) -> bool:
        """False when the stream refused the content, or a part of it."""
        rest = memoryview(content)
        while rest and self._descriptor is not None:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # whoever shares the stream made it non-blocking
                room = select.poll()
                room.register(self._descriptor, select.POLLOUT)
                room.poll()
            except BrokenPipeError:  # nobody reads any more, and nobody will
                os.close(self._descriptor)
                self._descriptor = None
            except OSError:  # such as a full disk, which may have room again
                return False
        return True
