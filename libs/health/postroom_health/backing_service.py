"""What a process knows of a backing service, however many of its threads find it out."""

import random
import threading
import time
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from loguru import logger

from postroom_health.metrics import UP

_SHORTEST_SECONDS = 0.5
_LONGEST_SECONDS = 15.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Service:
    """How one backing service stands; `since` is when it was first seen in this state, RFC 3339 in UTC."""

    status: Literal["up", "down"]
    since: str


class BackingService:
    """Remembers whether it answers, tells each change once, and says when to ask again.

    Args:
        name: as log, metrics and the readiness answer show it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._down_at: float | None = None
        self._ask_again_at = 0.0
        self._seen: Service | None = None

    @property
    def is_up(self) -> bool:
        """True as long as nobody knows better."""
        return self._down_at is None

    @property
    def seen(self) -> Service | None:
        """None before the first answer."""
        return self._seen

    def note(self, asked_at: float, problem: str | None = None) -> None:
        """Take down what became of a question.

        The question that was asked last counts: one that hung for long says nothing about now.

        Args:
            asked_at: when the question was asked, by the monotonic clock.
            problem: why there was no answer; None: there was one.
        """
        with self._lock:
            if asked_at < self._asked_at:
                return
            self._asked_at = asked_at
            if problem is None:
                self._note_up()
            else:
                self._note_down(problem)

    def pause_seconds(self) -> float:
        """Until it is worth asking again: none while it is up, and longer the longer it has been away."""
        return 0.0 if self.is_up else max(0.0, self._ask_again_at - time.monotonic())

    def wait(self, stopping: threading.Event) -> bool:
        """Wait after a failure until it is worth asking again; True: told to stop instead.

        Ends early when somebody else in this process got an answer.
        """
        # Something may be wrong though the service is up: never come back at once.
        if stopping.wait(pause_after(0.0)):
            return True
        while (pause := self.pause_seconds()) > 0:
            if stopping.wait(min(pause, _LOOK_SECONDS)):
                return True
        return False

    def _note_up(self) -> None:
        if self._seen is not None and self._seen.status == "up":
            return
        before, self._seen, self._down_at = self._seen, Service("up", _now()), None
        UP.labels(self.name).set(1)
        if before is not None:
            self._tell("INFO", "service.came_up")

    def _note_down(self, problem: str) -> None:
        now = time.monotonic()
        if self._down_at is None:
            self._down_at, self._seen = now, Service("down", _now())
            UP.labels(self.name).set(0)
            self._tell("WARNING", "service.went_down", reason=problem)
        if now >= self._ask_again_at:
            self._ask_again_at = now + pause_after(now - self._down_at)

    def _tell(self, level: str, event: str, **data: str) -> None:
        """Outside of any context: it is about no request and no email, whoever noticed it."""
        Context().run(partial(logger.log, level, event, backing_service=self.name, **data))


def pause_after(away_seconds: float) -> float:
    """How long to wait for what has been away for so long: about as long again, between half a second and fifteen.

    Drawn from the upper half of that, so that many who lost it together do not come back together.
    """
    bound = min(_LONGEST_SECONDS, max(_SHORTEST_SECONDS, away_seconds))
    return random.uniform(bound / 2, bound)  # noqa: S311 - no secret


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
