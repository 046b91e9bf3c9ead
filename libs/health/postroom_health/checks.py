"""Readiness: which backing services answer, and since when."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from postroom_health.backing_service import BackingService, Service
from postroom_health.probe import Asking, Check

__all__ = ["Check", "Readiness", "Report", "Service"]

_FRESH_SECONDS = 1.0
_PROBE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Report:
    ready: bool
    services: dict[str, Service]


class Readiness:
    """Asks all backing services at once, at most once per `fresh_seconds`, however many ask it.

    Args:
        told: what one of the probes finds out on its way, and notes itself; required, too.
        fresh_seconds: how long an answer is given again.
        probe_seconds: a service that has not answered by then counts as down.
    """

    def __init__(
        self,
        checks: Sequence[Check],
        *,
        told: Sequence[BackingService] = (),
        fresh_seconds: float = _FRESH_SECONDS,
        probe_seconds: float = _PROBE_SECONDS,
    ) -> None:
        self._checks = tuple(checks)
        self._told = tuple(told)
        self._fresh_seconds = fresh_seconds
        self._probe_seconds = probe_seconds
        self._lock = threading.Lock()
        self._asked: dict[str, Asking] = {}
        self._fresh_until = 0.0

    def report(self) -> Report:
        """Ready means that every required service is up. Takes `probe_seconds` at most."""
        with self._lock:
            if time.monotonic() >= self._fresh_until:
                self._ask()
                self._fresh_until = time.monotonic() + self._fresh_seconds
            everything = [*(check.service for check in self._checks), *self._told]
            services = {service.name: seen for service in everything if (seen := service.seen) is not None}
            required = [*(check.service for check in self._checks if check.required), *self._told]
            ready = all(service.name in services and services[service.name].status == "up" for service in required)
            return Report(ready, services)

    def _ask(self) -> None:
        for check in self._checks:
            earlier = self._asked.get(check.service.name)
            # While a question hangs no other is asked, so a dead service costs one thread.
            if earlier is None or earlier.finished:
                self._asked[check.service.name] = Asking(check)
        for check in self._checks:
            asking = self._asked[check.service.name]
            check.service.note(asking.asked_at, asking.wait(self._probe_seconds))
