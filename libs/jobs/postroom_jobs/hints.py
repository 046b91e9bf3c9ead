"""Hints: ids put into Redis so that a worker looks. They may be lost, doubled or late; MySQL knows better."""

from collections.abc import Sequence
from uuid import UUID

from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker

from postroom_domain.ids import parse_id
from postroom_domain.lanes import Lane
from postroom_jobs.broker import check_broker, count_waiting, first_waiting, translated
from postroom_jobs.names import DELIVER, Job

_FIRST = 10
"""Hints, not one alone: a single one may be of emails that were hinted again since."""


class Hints:
    """The windows in Redis: one for each lane, and one for each other queue.

    Args:
        broker: where hints go.
        mark: ids per window above which nobody adds hints.
    """

    def __init__(self, broker: RedisBroker, mark: int) -> None:
        self._broker = broker
        self._mark = mark

    def room(self, lane: Lane) -> int:
        """How many ids the lane's window has room for, counting every waiting hint as full.

        Raises:
            HintsUnavailable: Redis does not answer.
        """
        return self.room_for(DELIVER[lane])

    def give(self, lane: Lane, email_ids: Sequence[UUID]) -> None:
        """Put ids of one lane into Redis.

        Raises:
            HintsUnavailable: Redis does not answer, or its memory is full; some of the ids may be hinted.
        """
        self.give_to(DELIVER[lane], email_ids)

    def room_for(self, job: Job) -> int:
        """The same as room, for any queue."""
        return max(0, self._mark - self.count_ids(job))

    def count_ids(self, job: Job) -> int:
        """How many ids of a queue no worker has fetched yet, counting every hint as full.

        Raises:
            HintsUnavailable: Redis does not answer.
        """
        return self.count(job) * job.ids_per_hint

    def count(self, job: Job) -> int:
        """Hints of a queue that no worker has fetched yet.

        Raises:
            HintsUnavailable: Redis does not answer.
        """
        return count_waiting(self._broker, job.queue)

    def give_to(self, job: Job, ids: Sequence[UUID]) -> None:
        """The same as give, for any queue."""
        with translated():
            for start in range(0, len(ids), job.ids_per_hint):
                some = [str(one) for one in ids[start : start + job.ids_per_hint]]
                self._broker.enqueue(
                    Message(queue_name=job.queue, actor_name=job.actor, args=(some,), kwargs={}, options={})
                )

    def next_from(self, job: Job) -> list[UUID]:
        """Ids that workers will get next from a queue: none that waits was hinted before the oldest of these.

        Raises:
            HintsUnavailable: Redis does not answer.
        """
        texts = [text for message in first_waiting(self._broker, job.queue, _FIRST) for text in message.args[0]]
        return [one for text in texts if (one := parse_id(text)) is not None]

    def check(self) -> None:
        """Raise HintsUnavailable when Redis does not answer."""
        check_broker(self._broker)
