"""The dramatiq actors of this service. They carry ids, and may be run twice."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from loguru import logger

from postroom_database.errors import DatabaseUnavailable
from postroom_domain.ids import parse_id
from postroom_jobs.names import ALONE, DELIVER, PROVIDER, Job
from postroom_worker.delivery import Delivery
from postroom_worker.provider_work import ProviderWork

_DATABASE_AWAY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Work:
    """What is done with the ids of a hint.

    Attributes:
        do: one of them.
        leave: those that were not begun.
        about: what an id is of, in the log.
    """

    do: Callable[[UUID], None]
    leave: Callable[[Sequence[UUID]], None]
    about: str


def declare_actors(
    broker: RedisBroker, delivery: Delivery, provider_work: ProviderWork, stopping: threading.Event
) -> None:
    """Register one deliver actor for each lane, one for emails tried alone, and one for the provider's jobs.

    Args:
        broker: that the worker consumes.
        delivery: what is done with the id of an email.
        provider_work: what is done with the id of a job for the provider.
        stopping: set when the worker drains: what has begun is finished, the rest is left to others.
    """
    deliver = _Work(delivery.deliver, delivery.leave, "email_id")
    alone = _Work(delivery.deliver_alone, delivery.leave, "email_id")
    provide = _Work(provider_work.work, provider_work.leave, "job_id")
    for job in DELIVER.values():
        _declare(broker, job, deliver, stopping)
    _declare(broker, ALONE, alone, stopping)
    _declare(broker, PROVIDER, provide, stopping)


def _declare(broker: RedisBroker, job: Job, work: _Work, stopping: threading.Event) -> None:
    def act(ids: list[str]) -> None:
        known = [one for text in ids if (one := parse_id(text)) is not None]
        for index, one in enumerate(known):
            if stopping.is_set() or not _do(work, one, stopping):
                _leave(work, known[index:])
                return

    dramatiq.actor(broker=broker, actor_name=job.actor, queue_name=job.queue, priority=job.priority)(act)


def _do(work: _Work, one: UUID, stopping: threading.Event) -> bool:
    """Do one, waiting for a database that is away; False when the worker stops meanwhile."""
    while True:
        try:
            work.do(one)
        except DatabaseUnavailable:
            logger.warning("work.waited", reason="the database is away", **{work.about: str(one)})
            if stopping.wait(_DATABASE_AWAY_SECONDS):
                return False
        else:
            return True


def _leave(work: _Work, rest: list[UUID]) -> None:
    try:
        work.leave(rest)
    except DatabaseUnavailable:
        logger.warning("hints.forgotten", count=len(rest))  # the sweep finds them when their hint is old
