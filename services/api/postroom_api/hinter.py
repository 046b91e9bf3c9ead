"""Telling workers of what is new, after the commit and off the request's path.

A Redis that is away, paused or black-holed costs this thread one short time-out; then the circuit is open, rows are
stored as not hinted, and the scheduler's sweep hints them once Redis is back.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from uuid import UUID

from loguru import logger
from sqlalchemy.exc import DBAPIError

from postroom_database.drafts import Draft
from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable, is_contended
from postroom_database.repositories import emails, provider_messages
from postroom_jobs.broker import HintsRefused, HintsUnavailable
from postroom_jobs.hints import Hints
from postroom_jobs.names import DELIVER, PROVIDER_EVENTS, Job
from postroom_tracing.identity import Origin
from postroom_tracing.traces import TRACES, Attributes

_PROBE_SECONDS = 1.0
_WAITING_IDS = 50_000
_GATHER_SECONDS = 0.005
"""Under load ten ids go in one hint then, and this thread leaves the processor to requests."""
_FORGOTTEN_IDS = 1000
"""In one statement: SQLite takes no more than 32,766 parameters, and locks are held for as long as it runs."""
_JOBS = (*DELIVER.values(), PROVIDER_EVENTS)


class Hinter:
    def __init__(self, database: Database, hints: Hints) -> None:
        self._database = database
        self._hints = hints
        self._waiting: deque[tuple[Job, UUID]] = deque(maxlen=_WAITING_IDS)
        self._traced: dict[UUID, str] = {}
        """Requests of what waits, while traces are sent."""
        self._changed = threading.Condition()
        self._stopping = False
        self._open = True
        self._thread = threading.Thread(target=self._run, name="hinter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Give the hints that wait, then end."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(timeout_seconds)

    def is_open(self) -> bool:
        """Whether what is stored now can count on being hinted."""
        return self._open and len(self._waiting) < _WAITING_IDS // 2

    def offer(self, drafts: Iterable[Draft]) -> None:
        """Hint emails that were stored as hinted; scheduled ones wait for their time.

        They are taken with the circuit open too: it may have opened since they were stored, and then their rows
        must say that nobody was told.
        """
        due = [draft for draft in drafts if draft.scheduled_at is None]
        if TRACES.are_on and len(self._traced) < _WAITING_IDS:
            self._traced |= {draft.id: draft.request_id for draft in due}
        self._offer([(DELIVER[draft.lane], draft.id) for draft in due])

    def offer_message(self, job_id: UUID) -> None:
        """The same of a provider's message."""
        self._offer([(PROVIDER_EVENTS, job_id)])

    def _offer(self, ids: Sequence[tuple[Job, UUID]]) -> None:
        if not ids:
            return
        with self._changed:
            self._waiting.extend(ids)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    if self._stopping:
                        return
                    self._changed.wait(None if self._open else _PROBE_SECONDS)
            if not self._stopping:
                time.sleep(_GATHER_SECONDS)
            with self._changed:
                taken, self._waiting = list(self._waiting), deque(maxlen=_WAITING_IDS)
            if not self._open:
                self._probe()
            for job in _JOBS:
                ids = [one for wanted, one in taken if wanted is job]
                if ids:
                    self._hint_or_report(job, ids)

    def _hint_or_report(self, job: Job, ids: Sequence[UUID]) -> None:
        began_at = TRACES.now()
        try:
            self._hint(job, ids)
        except Exception:  # without this thread everything would wait for the sweep
            logger.exception("hints.failed", count=len(ids))
        if self._traced:
            for email_id in ids:
                if (request_id := self._traced.pop(email_id, None)) is not None:
                    attributes: Attributes = {"postroom.email_id": str(email_id), "postroom.paused": not self._open}
                    TRACES.tell("hint email", attributes, began_at=began_at, of=Origin(request_id, email_id))

    def _hint(self, job: Job, ids: Sequence[UUID]) -> None:
        if not self._open:
            self._forget(job, ids)
            return
        try:
            room = self._hints.room_for(job)
            self._hints.give_to(job, ids[:room])
        except HintsUnavailable as problem:
            self._open = False
            if isinstance(problem, HintsRefused):  # that it is away is told by whoever watches it
                logger.warning("hints.paused", reason=str(problem))
            self._forget(job, ids)
        else:
            if ids[room:]:
                self._forget(job, ids[room:])

    def _forget(self, job: Job, ids: Sequence[UUID]) -> None:
        forget = provider_messages.forget_hints if job is PROVIDER_EVENTS else emails.forget_hints
        for start in range(0, len(ids), _FORGOTTEN_IDS):
            some = ids[start : start + _FORGOTTEN_IDS]
            try:
                with self._database.begin() as connection:
                    forget(connection, some)
            except (DatabaseUnavailable, DBAPIError) as problem:
                if not (isinstance(problem, DatabaseUnavailable) or is_contended(problem)):
                    raise
                # The rows say "hinted"; the sweep takes them up when that is older than the hint age.
                logger.warning("hints.forgotten", count=len(some))

    def _probe(self) -> None:
        started = time.monotonic()
        try:
            self._hints.check()
        except HintsUnavailable:
            # A refusal comes at once, a black hole after its time-out: either way one probe a second.
            time.sleep(max(0.0, _PROBE_SECONDS - (time.monotonic() - started)))
        else:
            self._open = True
