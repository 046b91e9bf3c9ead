"""The emails of a hint: looked at together, then each delivered when it may go, or parked."""

import threading
from collections.abc import Callable, Sequence
from uuid import UUID

from loguru import logger

from postroom_database.engine import Database
from postroom_database.errors import DatabaseUnavailable
from postroom_database.repositories import waiting
from postroom_database.writing import write
from postroom_domain.lanes import Lane
from postroom_worker.delivery import Delivery, Tried
from postroom_worker.metrics import PARKED
from postroom_worker.pace import Pace, Turn
from postroom_worker.parking import Parked, workspace_is_suspended
from postroom_worker.patience import Patience, Stopped


class MailWork:
    """What an actor does with the ids of emails.

    Args:
        database: the truth.
        delivery: makes the attempts.
        pace: says when an email may go; None: the provider has no quota.
        patience: with a database that is away.
        stopping: set when the worker drains: what has begun is finished, the rest is left to others.
        hint_seconds: how long a hint may be held before it counts as lost.
    """

    def __init__(
        self,
        database: Database,
        delivery: Delivery,
        pace: Pace | None,
        patience: Patience,
        stopping: threading.Event,
        *,
        hint_seconds: float,
    ) -> None:
        self._database = database
        self._delivery = delivery
        self._pace = pace
        self._patience = patience
        self._stopping = stopping
        self._keep_seconds = hint_seconds / 3

    def deliver(self, lane: Lane, email_ids: Sequence[UUID]) -> None:
        """Make one attempt with each that is due and that nobody else holds."""
        self._work(lane, email_ids, self._delivery.deliver)

    def deliver_alone(self, email_ids: Sequence[UUID]) -> None:
        """The same for emails whose last worker died. They are few, so a lane of their own is not kept."""
        self._work(Lane.INTERACTIVE, email_ids, self._delivery.deliver_alone)

    def _work(self, lane: Lane, email_ids: Sequence[UUID], deliver: Callable[[UUID], Tried | None]) -> None:
        rest = list(email_ids)
        try:
            found = self._patience.until_done(lambda: self._look(rest))
            for why in {one.suspended for one in found.values()}:
                if why is not None:
                    self._park([one for one in found if found[one].suspended == why], workspace_is_suspended(why))
            rest = [one for one in rest if one in found and found[one].suspended is None]
            while rest:
                parked = self._wait(lane, found[rest[0]].recipients, rest)
                if parked is not None:
                    self._park(rest, parked)
                    return
                tried = self._patience.until_done(lambda: deliver(rest[0]))
                self._account(lane, found[rest[0]].recipients, tried)
                del rest[0]
        except Stopped:
            self._leave(rest)

    def _look(self, email_ids: Sequence[UUID]) -> dict[UUID, waiting.Waiting]:
        with self._database.read() as connection:
            return waiting.look(connection, email_ids)

    def _wait(self, lane: Lane, recipients: int, rest: Sequence[UUID]) -> Parked | None:
        """Return when the first one may go, or with why none may. The hints of all that wait are kept alive."""
        while self._pace is not None:
            answer = self._pace.wait(lane, recipients, self._stopping, seconds=self._keep_seconds)
            if isinstance(answer, Parked):
                return answer
            if answer is Turn.GRANTED:
                return None
            self._patience.until_done(lambda: write(self._database, lambda found: waiting.keep_hints(found, rest)))
        return None

    def _account(self, lane: Lane, granted: int, tried: Tried | None) -> None:
        if self._pace is not None:
            self._pace.give_back(lane, granted - (0 if tried is None else tried.recipients))
            if tried is not None and tried.parked:
                self._pace.throttled()

    def _park(self, email_ids: Sequence[UUID], parked: Parked) -> None:
        count = self._patience.until_done(
            lambda: write(
                self._database,
                lambda found: waiting.park(found, email_ids, seconds=parked.seconds, reason=parked.reason),
            )
        )
        if count:
            PARKED.labels(parked.why).inc(count)
            logger.warning("email.parked", count=count, reason=parked.reason, retry_in_seconds=round(parked.seconds, 1))

    def _leave(self, rest: Sequence[UUID]) -> None:
        try:
            self._delivery.leave(rest)
        except DatabaseUnavailable:
            logger.warning("hints.forgotten", count=len(rest))  # the sweep finds them when their hint is old
