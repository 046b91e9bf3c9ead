"""The ways to accept mail that are compared. All of them authenticate, validate and hint."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from postroom_api.group_commit import Stored, store_group
from postroom_api.hinter import Hinter
from postroom_api.intake import GroupIntake, Intake
from postroom_api.submission import Submission
from postroom_database.engine import Database

GROUP = "group"
NONE = "none"
SINGLE_THREADS = (1, 4, 16, 32)


class SingleIntake:
    """One commit per request, by a pool of threads: what most services do."""

    def __init__(self, database: Database, hinter: Hinter, threads: int) -> None:
        self._database = database
        self._hinter = hinter
        self._pool = ThreadPoolExecutor(threads)

    def start(self) -> None:
        """The pool starts its threads itself."""

    def stop(self, timeout_seconds: float) -> None:  # noqa: ARG002 - the Protocol's signature
        self._pool.shutdown()

    async def accept(self, submission: Submission) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._store, submission)

    def _store(self, submission: Submission) -> bytes:
        [result] = store_group(self._database, [submission], hinted=self._hinter.is_open())
        if not isinstance(result, Stored):
            raise result
        self._hinter.offer(submission.drafts)
        return result.answer


class NoIntake:
    """Nothing is stored: the ceiling that the rest of the api sets."""

    def __init__(self, hinter: Hinter) -> None:
        self._hinter = hinter

    def start(self) -> None:
        """Nothing to start."""

    def stop(self, timeout_seconds: float) -> None:
        """Nothing to stop."""

    async def accept(self, submission: Submission) -> bytes:
        self._hinter.offer(submission.drafts)
        return submission.answer


def make_side(name: str, database: Database, hinter: Hinter) -> Intake:
    """The intake that a side's name stands for: ``group``, ``none``, or ``single`` and a number of threads."""
    if name == GROUP:
        return GroupIntake(database, hinter)
    if name == NONE:
        return NoIntake(hinter)
    return SingleIntake(database, hinter, int(name.removeprefix("single")))
