"""What was run when: lines of JSON that are only ever added."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from postroom_release.errors import EX_DATAERR, Refused

Outcome = Literal["starting", "replacing", "ready", "not ready", "down"]
REMOVED = "down --volumes"
"""The action after which there is no data folder."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of the containers.

    Args:
        at: RFC 3339, UTC.
        action: the command: up, rollback, admin, down, or down --volumes.
        outcome: `starting` is written before the release's own database and Redis are started, `replacing` before the
            first container of a service is touched, so that a command that was killed shows.
    """

    at: str
    action: str
    release: int
    outcome: Outcome


class History:
    def __init__(self, file: Path) -> None:
        self._file = file

    def note(self, action: str, release: int, outcome: Outcome, *, now: datetime) -> None:
        step = Step(now.isoformat(timespec="seconds").replace("+00:00", "Z"), action, release, outcome)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, f"{json.dumps(asdict(step))}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def steps(self) -> Iterator[Step]:
        """Oldest first; raises Refused at a line that is none of ours, such as half of one."""
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        for number, line in enumerate(lines, 1):
            try:
                yield Step(**json.loads(line))
            except (TypeError, ValueError) as problem:
                raise Refused(
                    f"{self._file}: line {number} is not as it was written; remove it", exit_code=EX_DATAERR
                ) from problem

    @property
    def last(self) -> Step | None:
        """What became of the services; None: nothing was ever run."""
        steps = [step for step in self.steps() if step.outcome != "starting"]
        return steps[-1] if steps else None

    @property
    def started(self) -> list[int]:
        """The releases whose own database and Redis were started on the volume that is there, oldest first."""
        started: list[int] = []
        for step in self.steps():
            if step.action == REMOVED:
                started.clear()
            elif step.outcome == "starting":
                started.append(step.release)
        return started

    @property
    def running(self) -> int | None:
        """Which release has the containers, ready or not."""
        last = self.last
        return None if last is None or last.outcome == "down" else last.release

    @property
    def last_ready(self) -> int | None:
        """The release that was last seen ready."""
        ready = [step.release for step in self.steps() if step.outcome == "ready"]
        return ready[-1] if ready else None
