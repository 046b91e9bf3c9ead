"""The dramatiq actors of this service. They carry ids, and may be run twice."""

from collections.abc import Callable
from uuid import UUID

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from loguru import logger

from postroom_database.errors import DatabaseUnavailable
from postroom_domain.ids import parse_id
from postroom_jobs.names import ALONE, DELIVER, PROVIDER, PROVIDER_EVENTS, SLOW_WEBHOOKS, WEBHOOKS, Job
from postroom_worker.event_work import EventWork
from postroom_worker.mail_work import MailWork
from postroom_worker.patience import Patience, Stopped
from postroom_worker.provider_work import ProviderWork
from postroom_worker.webhook_work import WebhookWork


def declare_actors(
    broker: RedisBroker,
    mail_work: MailWork,
    provider_work: ProviderWork,
    event_work: EventWork,
    webhook_work: WebhookWork,
    patience: Patience,
) -> None:
    """Register an actor for each queue.

    Args:
        broker: that the worker consumes.
        mail_work: what is done with the ids of emails.
        provider_work: what is done with the id of a job for the provider.
        event_work: what is done with the ids of the provider's messages.
        webhook_work: what is done with the id of a webhook.
        patience: with a database that is away.
    """
    for lane, job in DELIVER.items():
        _declare(broker, job, lambda ids, lane=lane: mail_work.deliver(lane, ids))  # type: ignore[misc]  # bound per lane
    _declare(broker, ALONE, mail_work.deliver_alone)
    _declare(broker, PROVIDER, lambda ids: _provide(provider_work, ids, patience))
    _declare(broker, PROVIDER_EVENTS, lambda ids: _account(event_work, ids, patience))
    _declare(broker, WEBHOOKS, webhook_work.work)
    _declare(broker, SLOW_WEBHOOKS, webhook_work.work_slowly)


def _declare(broker: RedisBroker, job: Job, work: Callable[[list[UUID]], None]) -> None:
    def act(ids: list[str]) -> None:
        work([one for text in ids if (one := parse_id(text)) is not None])

    dramatiq.actor(broker=broker, actor_name=job.actor, queue_name=job.queue, priority=job.priority)(act)


def _provide(provider_work: ProviderWork, job_ids: list[UUID], patience: Patience) -> None:
    for place, job_id in enumerate(job_ids):
        try:
            patience.until_done(lambda job_id=job_id: provider_work.work(job_id))  # type: ignore[misc]  # bound per job
        except Stopped:
            _leave(provider_work, job_ids[place:])
            return


def _account(event_work: EventWork, ids: list[UUID], patience: Patience) -> None:
    try:
        patience.until_done(lambda: event_work.work(ids))
    except Stopped:
        _leave(event_work, ids)


def _leave(work: ProviderWork | EventWork, rest: list[UUID]) -> None:
    try:
        work.leave(rest)
    except DatabaseUnavailable:
        logger.warning("hints.forgotten", count=len(rest))  # the sweep finds them when their hint is old
