"""Intake: requests hand over emails, and are answered once those are durable.

Requests of this process are committed together. While one transaction is being committed the next group gathers,
and then goes as one. With one request at a time a group is one email, and nothing waits.
"""

import asyncio
import threading
from collections import deque
from typing import Protocol, TypeAlias

from loguru import logger

from postroom_api.group_commit import Result, StillContended, Stored, store_group
from postroom_api.hinter import Hinter
from postroom_api.metrics import GROUP_EMAILS, GROUP_SECONDS, INTAKE
from postroom_api.submission import Submission
from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable

_GROUP_EMAILS = 256
_GROUP_BYTES = 4_000_000
_WAITING_EMAILS = 20_000
_WAITING_BYTES = 512_000_000

_Waiting: TypeAlias = tuple[Submission, asyncio.Future[bytes]]


class Intake(Protocol):
    def start(self) -> None:
        """Begin to take; called on the event loop that requests run on."""

    def stop(self, timeout_seconds: float) -> None:
        """Make durable what was handed over, then end."""

    async def accept(self, submission: Submission) -> bytes:
        """Make a submission durable; returns the answer for the client.

        Raises:
            IdempotencyConflict: the key stands for another body.
            DatabaseUnavailable: nothing is known to be stored.
        """


class GroupIntake:
    """Intake by group commit, in one thread of its own."""

    def __init__(self, database: Database, hinter: Hinter) -> None:
        self._database = database
        self._hinter = hinter
        self._waiting: deque[_Waiting] = deque()
        self._waiting_emails = 0
        self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        """Begin to commit; called on the event loop that requests run on."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Commit what was handed over, then end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout_seconds)

    async def accept(self, submission: Submission) -> bytes:
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        with self._changed:
            if self._stopping or self._is_full(submission):
                raise DatabaseUnavailable("the database does not keep up with what is handed over")
            self._waiting.append((submission, future))
            self._waiting_emails += len(submission.drafts)
            self._waiting_bytes += submission.size
            self._changed.notify()
        return await future

    def _is_full(self, submission: Submission) -> bool:
        return bool(self._waiting) and (
            self._waiting_emails + len(submission.drafts) > _WAITING_EMAILS
            or self._waiting_bytes + submission.size > _WAITING_BYTES
        )

    def _run(self) -> None:
        while group := self._next_group():
            hinted = self._hinter.is_open()
            GROUP_EMAILS.observe(sum(len(submission.drafts) for submission, _ in group))
            with GROUP_SECONDS.time():
                results = self._store([submission for submission, _ in group], hinted=hinted)
            self._answer(group, results)
            if hinted:
                self._hinter.offer(
                    draft
                    for (submission, _), result in zip(group, results, strict=True)
                    if isinstance(result, Stored) and result.fresh
                    for draft in submission.drafts
                )
            if all(_says_away(result) for result in results):
                # What gathered meanwhile has waited as long; trying it would only make it wait twice.
                behind = self._take_all()
                self._answer(behind, results[:1] * len(behind))

    def _store(self, submissions: list[Submission], *, hinted: bool) -> list[Result]:
        try:
            return store_group(self._database, submissions, hinted=hinted)
        except Exception as problem:  # the thread must go on; every client gets its answer
            logger.exception("group.failed")
            return [problem] * len(submissions)

    def _answer(self, group: list[_Waiting], results: list[Result]) -> None:
        # A loop that is closed has no clients any more; what is stored stays stored.
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_settle, [future for _, future in group], results)

    def _next_group(self) -> list[_Waiting]:
        """What waits, up to the bounds, at least one; empty when it is time to end."""
        with self._changed:
            while not self._waiting:
                if self._stopping:
                    return []
                self._changed.wait()
            group = [self._take()]
            emails, size = len(group[0][0].drafts), group[0][0].size
            while self._waiting:
                submission = self._waiting[0][0]
                emails += len(submission.drafts)
                size += submission.size
                if emails > _GROUP_EMAILS or size > _GROUP_BYTES:
                    break
                group.append(self._take())
            INTAKE.set(self._waiting_emails)
            return group

    def _take_all(self) -> list[_Waiting]:
        with self._changed:
            return [self._take() for _ in range(len(self._waiting))]

    def _take(self) -> _Waiting:
        submission, future = self._waiting.popleft()
        self._waiting_emails -= len(submission.drafts)
        self._waiting_bytes -= submission.size
        return submission, future


def _says_away(result: Result) -> bool:
    return isinstance(result, DatabaseUnavailable) and not isinstance(result, StillContended)


def _settle(futures: list[asyncio.Future[bytes]], results: list[Result]) -> None:
    for future, result in zip(futures, results, strict=True):
        if future.done():  # the client went away
            continue
        if isinstance(result, Stored):
            future.set_result(result.answer)
        else:
            future.set_exception(result)
