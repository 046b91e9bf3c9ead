"""Uvicorn as a process that an orchestrator can stop: SIGTERM drains, a second one ends at once, and it exits 0."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from litestar.types import ASGIApp

from postroom_api.one_write import OneWriteProtocol

_AFTERWARDS_SECONDS = 3.0
"""Kept of the drain time for what comes after the last answer: committing, hinting, the log."""


class Server(uvicorn.Server):
    """Adds to Uvicorn's when all must be over.

    Args:
        config: Uvicorn's.
        drain_seconds: from being told to stop to the end of the process.
    """

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds
        self._told_at: float | None = None

    def remaining_seconds(self) -> float:
        """What is left of the drain time."""
        told_at = time.monotonic() if self._told_at is None else self._told_at
        return max(0.0, told_at + self._drain_seconds - time.monotonic())

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Uvicorn's own raises the signal again when it is done, and the process would die by it instead of
        # exiting 0, as a process that was asked to stop and did should.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, self._stop)
        yield

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
        self._told_at = self._told_at or time.monotonic()


def make_server(app: ASGIApp, *, host: str, port: int, drain_seconds: float) -> Server:
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="uvloop",
            http=OneWriteProtocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=max(1, int(drain_seconds - _AFTERWARDS_SECONDS)),
            backlog=2048,
        ),
        drain_seconds,
    )
