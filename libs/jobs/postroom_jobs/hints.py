"""Hints: ids put into Redis so that a worker looks. They may be lost, doubled or late; MySQL knows better."""

from collections.abc import Sequence
from uuid import UUID

from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker

from postroom_domain.lanes import Lane
from postroom_jobs.broker import check_broker, count_waiting, translated
from postroom_jobs.names import DELIVER

IDS_PER_HINT = 10


class Hints:
    """The window of one lane each in Redis.

    Args:
        broker: where hints go.
        mark: ids per lane above which nobody adds hints.
    """

    def __init__(self, broker: RedisBroker, mark: int) -> None:
        self._broker = broker
        self._mark = mark

    def room(self, lane: Lane) -> int:
        """How many ids the lane's window has room for, counting every waiting hint as full.

        Raises:
            HintsUnavailable: Redis does not answer.
        """
        return max(0, self._mark - count_waiting(self._broker, DELIVER[lane].queue) * IDS_PER_HINT)

    def give(self, lane: Lane, email_ids: Sequence[UUID]) -> None:
        """Put ids of one lane into Redis, at most ten a hint.

        Raises:
            HintsUnavailable: Redis does not answer, or its memory is full; some of the ids may be hinted.
        """
        job = DELIVER[lane]
        with translated():
            for start in range(0, len(email_ids), IDS_PER_HINT):
                ids = [str(email_id) for email_id in email_ids[start : start + IDS_PER_HINT]]
                self._broker.enqueue(
                    Message(queue_name=job.queue, actor_name=job.actor, args=(ids,), kwargs={}, options={})
                )

    def check(self) -> None:
        """Raise HintsUnavailable when Redis does not answer."""
        check_broker(self._broker)
