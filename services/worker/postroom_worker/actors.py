"""The dramatiq actors of this service. They carry ids, and may be run twice."""

import threading
from uuid import UUID

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from loguru import logger

from postroom_database.errors import DatabaseUnavailable
from postroom_domain.ids import parse_id
from postroom_domain.lanes import Lane
from postroom_jobs.names import DELIVER
from postroom_worker.delivery import Delivery

_DATABASE_AWAY_SECONDS = 1.0


def declare_actors(broker: RedisBroker, delivery: Delivery, stopping: threading.Event) -> None:
    """Register one deliver actor for each lane.

    Args:
        broker: that the worker consumes.
        delivery: what is done with an id.
        stopping: set when the worker drains: what is being sent is finished, the rest is left to others.
    """

    def deliver(ids: list[str]) -> None:
        known = [email_id for text in ids if (email_id := parse_id(text)) is not None]
        for index, email_id in enumerate(known):
            if stopping.is_set() or not _deliver(delivery, email_id, stopping):
                _leave(delivery, known[index:])
                return

    for lane in Lane:
        job = DELIVER[lane]
        dramatiq.actor(broker=broker, actor_name=job.actor, queue_name=job.queue, priority=job.priority)(deliver)


def _deliver(delivery: Delivery, email_id: UUID, stopping: threading.Event) -> bool:
    """Deliver one email, waiting for a database that is away; False when the worker stops meanwhile."""
    while True:
        try:
            delivery.deliver(email_id)
        except DatabaseUnavailable:
            logger.warning("delivery.waited", email_id=str(email_id), reason="the database is away")
            if stopping.wait(_DATABASE_AWAY_SECONDS):
                return False
        else:
            return True


def _leave(delivery: Delivery, rest: list[UUID]) -> None:
    try:
        delivery.leave(rest)
    except DatabaseUnavailable:
        logger.warning("hints.forgotten", count=len(rest))  # the sweep finds them when their hint is old
