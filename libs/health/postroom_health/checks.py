"""Readiness: which backing services answer, and since when."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from loguru import logger

from postroom_health.probe import Asking, Check

__all__ = ["Check", "Readiness", "Report", "Service"]

_FRESH_SECONDS = 1.0
_PROBE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Service:
    """One backing service; `since` is when it was first seen in this state, RFC 3339 in UTC."""

    status: Literal["up", "down"]
    since: str


@dataclass(frozen=True, slots=True)
class Report:
    ready: bool
    services: dict[str, Service]


class Readiness:
    """Asks all backing services at once, at most once per `fresh_seconds`, however many ask it.

    Args:
        fresh_seconds: how long an answer is given again.
        probe_seconds: a service that has not answered by then counts as down.
    """

    def __init__(
        self,
        checks: Sequence[Check],
        *,
        fresh_seconds: float = _FRESH_SECONDS,
        probe_seconds: float = _PROBE_SECONDS,
    ) -> None:
        self._checks = tuple(checks)
        self._fresh_seconds = fresh_seconds
        self._probe_seconds = probe_seconds
        self._lock = threading.Lock()
        self._asked: dict[str, Asking] = {}
        self._services: dict[str, Service] = {}
        self._fresh_until = 0.0

    def report(self) -> Report:
        """Ready means that every required service is up. Takes `probe_seconds` at most."""
        with self._lock:
            if time.monotonic() >= self._fresh_until:
                self._ask()
                self._fresh_until = time.monotonic() + self._fresh_seconds
            ready = all(self._services[check.name].status == "up" for check in self._checks if check.required)
            return Report(ready, dict(self._services))

    def _ask(self) -> None:
        for check in self._checks:
            earlier = self._asked.get(check.name)
            # While a question hangs no other is asked, so a dead service costs one thread.
            if earlier is None or earlier.finished:
                self._asked[check.name] = Asking(check)
        for check in self._checks:
            self._note(check, self._asked[check.name].wait(self._probe_seconds))

    def _note(self, check: Check, reason: str | None) -> None:
        before = self._services.get(check.name)
        status: Literal["up", "down"] = "down" if reason else "up"
        if before is not None and before.status == status:
            return
        self._services[check.name] = Service(status, _now())
        if reason:
            logger.warning("service.went_down", backing_service=check.name, reason=reason)
        elif before is not None:
            logger.info("service.came_up", backing_service=check.name)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
