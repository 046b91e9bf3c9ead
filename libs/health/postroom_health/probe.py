"""One question to one backing service, asked in a thread of its own, so that a hanging answer holds up nobody."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from postroom_health.backing_service import BackingService


@dataclass(frozen=True, slots=True)
class Check:
    """What to ask.

    Args:
        service: where the answer is noted.
        probe: returns, whatever, when the service answers; raises when it does not.
        required: whether the process is of no use without it.
    """

    service: BackingService
    probe: Callable[[], object]
    required: bool


class Asking:
    """A probe on its way.

    Attributes:
        asked_at: by the monotonic clock.
    """

    def __init__(self, check: Check) -> None:
        self._check = check
        self.asked_at = time.monotonic()
        self._finished = threading.Event()
        self._problem: Exception | None = None
        threading.Thread(target=self._run, name=f"probe-{check.service.name}", daemon=True).start()

    @property
    def finished(self) -> bool:
        return self._finished.is_set()

    def wait(self, timeout_seconds: float) -> str | None:
        """Why the service is down, or None.

        Counted from the beginning of the question: one that hangs for longer is not waited for again.
        """
        self._finished.wait(max(0.0, self.asked_at + timeout_seconds - time.monotonic()))
        if not self.finished:
            return f"no answer within {timeout_seconds:g} s"
        return f"{type(self._problem).__name__}: {self._problem}" if self._problem else None

    def _run(self) -> None:
        try:
            self._check.probe()
        except Exception as problem:  # noqa: BLE001 - whatever a probe raises says: down
            self._problem = problem
        finally:
            self._finished.set()
