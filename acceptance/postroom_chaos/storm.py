"""Carrying out a plan of faults."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from postroom_chaos.plan import Planned
from postroom_chaos.records import Happened

Begin = Callable[[Planned], AbstractContextManager[None]]


class Storm:
    """Carries out each target's faults one after the other, and those of different targets at the same time.

    A fault that takes longer than planned delays those after it of the same target; none is left out.

    Args:
        plan: what happens.
        begin: makes a fault happen, until the context is left.

    Attributes:
        happened: what did, so far.
        problems: why a target's faults could not be carried out.
    """

    def __init__(self, plan: Sequence[Planned], begin: Begin) -> None:
        self._begin = begin
        self._stopping = threading.Event()
        self._began = 0.0
        self.happened: list[Happened] = []
        self.problems: list[str] = []
        lanes: defaultdict[str, list[Planned]] = defaultdict(list)
        for planned in plan:
            lanes[planned.target].append(planned)
        self._threads = [threading.Thread(target=self._run, args=(lane,)) for lane in lanes.values()]

    def start(self) -> None:
        self._began = time.monotonic()
        for thread in self._threads:
            thread.start()

    @property
    def running(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """End what has begun, and begin nothing more."""
        self._stopping.set()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _run(self, lane: Sequence[Planned]) -> None:
        for planned in lane:
            if self._stopping.wait(max(0.0, self._began + planned.at - time.monotonic())):
                return
            began = time.monotonic()
            try:
                with self._begin(planned):
                    self._stopping.wait(planned.seconds)
            except Exception as problem:  # noqa: BLE001 - told in the report
                self.problems.append(f"fault #{planned.number} {planned.kind} of {planned.target}: {problem!r}")
                return
            self.happened.append(Happened(planned.number, planned.kind, planned.target, began, time.monotonic()))
